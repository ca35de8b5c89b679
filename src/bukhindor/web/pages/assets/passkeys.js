// Passkeys on the pages: add one, and sign in with one. Browsers that can't read options as JSON don't show the buttons.
"use strict";

const script = document.currentScript;
const message = document.getElementById("passkey-error");
const canSignIn = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
const canAdd = typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.code = problem.error_code;
  }
}

async function ask(path, body) {
  const answer = await fetch(script.dataset.api + path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-token-transport": "cookie" },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Refused(content);
  return content;
}

function show(error) {
  // The person has closed the dialog of the browser, or another one took its place.
  if (error.name === "NotAllowedError" || error.name === "AbortError") return;
  message.textContent = error instanceof Refused ? error.message : script.dataset.failed;
  message.hidden = false;
}

async function add() {
  const { challenge_id, options } = await ask("/auth/passkeys/options", {});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  await ask("/auth/passkeys", { challenge_id, credential: credential.toJSON() });
  location.reload();
}

let waiting = new AbortController();

async function present(mediation) {
  waiting.abort();
  waiting = new AbortController();
  const { challenge_id, options } = await ask("/auth/passkeys/sign-in/options", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey, mediation, signal: waiting.signal });
  return { challenge_id, credential: credential.toJSON() };
}

async function signIn() {
  await ask("/auth/passkeys/sign-in", await present("optional"));
  location.assign(script.dataset.next);
}

// The browser offers passkeys by itself: a person who did not ask for one reads nothing when there is none to offer.
async function offer() {
  const presented = await present("conditional").catch(() => null);
  if (!presented) return;
  await ask("/auth/passkeys/sign-in", presented);
  location.assign(script.dataset.next);
}

async function completeSignIn() {
  await ask("/auth/login/factor", { mfa_token: script.dataset.mfaToken, ...(await present("optional")) });
  location.assign(script.dataset.next);
}

const adding = document.getElementById("add-passkey");
if (adding && canAdd) {
  adding.hidden = false;
  adding.addEventListener("click", () =>
    add().catch((error) => {
      if (error.code === "reauthentication_required") location.assign(script.dataset.signIn);
      else show(error);
    }),
  );
}

const signingIn = document.getElementById("sign-in-passkey");
if (signingIn && canSignIn) {
  signingIn.hidden = false;
  signingIn.addEventListener("click", () => signIn().catch(show));
  // The browser offers the passkeys of this site in the field of the address.
  PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => can && offer().catch(show));
}

const completing = document.getElementById("factor-passkey");
if (completing && canSignIn) {
  completing.hidden = false;
  completing.addEventListener("click", () => completeSignIn().catch(show));
}
