// The path of an operation stands in a button, where a link must not be. Addresses with # still lead to operations.
const pathsWithoutLinks = ({ React }) => ({
  components: { DeepLink: ({ text }) => React.createElement("span", { className: "nostyle" }, text) },
});

// What Swagger UI leaves out: names for screen readers, and a way to scroll with the keyboard.
const ATTRIBUTES = [
  ["select#servers", "aria-label", "Server"],
  ["select.examples-select-element", "aria-label", "Example"],
  ["select", "aria-label", "Choice"],
  [".copy-to-clipboard > button", "aria-label", "Copy"],
  [".microlight", "tabindex", "0"],
];

const page = document.querySelector("#swagger-ui");
new MutationObserver(() => {
  for (const [selector, attribute, value] of ATTRIBUTES) {
    for (const element of page.querySelectorAll(`${selector}:not([${attribute}])`)) {
      element.setAttribute(attribute, value);
    }
  }
}).observe(page, { childList: true, subtree: true });

SwaggerUIBundle({
  // Beside the folder of this file, also below a path that a proxy strips.
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  plugins: [pathsWithoutLinks],
  tryItOutEnabled: true,
  validatorUrl: null,
});
