// Lets people see the password they type. Without this script the field works as ever.
for (const button of document.querySelectorAll("button.reveal")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const show = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? button.dataset.hide : button.dataset.show;
  };
  button.addEventListener("click", () => show(field.type === "password"));
  // A browser keeps what was typed in a field of plain text, so the password leaves as a password.
  field.form.addEventListener("submit", () => show(false));
  button.hidden = false;
}
