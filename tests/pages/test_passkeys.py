"""Passkeys in Chromium, with a virtual authenticator: made, used without typing anything, and removed."""

import json
from typing import Any

from tests.pages.browser import Browser, Window
from tests.pages.site import PASSWORD, Site

# What a web app does: it gives the options to the browser, and returns what the browser makes of them.
SCRIPT = """
(async () => {{
  const call = async (method, path, body, token) => {{
    const headers = {{ "content-type": "application/json", ...(token && {{ authorization: `Bearer ${{token}}` }}) }};
    const answer = await fetch(`/api/v1${{path}}`, {{ method, headers, body: body && JSON.stringify(body) }});
    return {{ status: answer.status, body: await answer.json() }};
  }};
  {steps}
}})()
"""
LOGIN = """
  const login = await call("POST", "/auth/login", {credentials});
  const token = login.body.user.access_token;
"""
ADD = """
  const begun = await call("POST", "/auth/passkeys/options", undefined, token);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.body.options);
  const credential = await navigator.credentials.create({{ publicKey }});
  const body = {{ challenge_id: begun.body.challenge_id, credential: credential.toJSON() }};
  return await call("POST", "/auth/passkeys", body, token);
"""
SIGN_IN = """
  const begun = await call("POST", "/auth/passkeys/sign-in/options", {{}});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.body.options);
  const credential = await navigator.credentials.get({{ publicKey }});
  const body = {{ challenge_id: begun.body.challenge_id, credential: credential.toJSON() }};
  const answer = await call("POST", "/auth/passkeys/sign-in", body);
  if (answer.status !== 200) {{ return answer; }}
  return await call("GET", "/auth/me", undefined, answer.body.user.access_token);
"""
ADD_AGAIN = """
  const begun = await call("POST", "/auth/passkeys/options", undefined, token);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.body.options);
  try {{
    await navigator.credentials.create({{ publicKey }});
  }} catch (error) {{
    return error.name;
  }}
"""
REMOVE = """
  const listed = await call("GET", "/auth/passkeys", undefined, token);
  return await call("DELETE", `/auth/passkeys/${{listed.body.passkeys[0].id}}`, undefined, token);
"""


def run(window: Window, *steps: str, **parts: object) -> Any:
    filled = {name: json.dumps(part) for name, part in parts.items()}
    return window.evaluate(SCRIPT.format(steps="".join(steps).format(**filled)))


def test_a_person_adds_a_passkey_signs_in_with_it_and_removes_it(browser: Browser, site: Site) -> None:
    email = site.register()
    credentials = {"email": email, "password": PASSWORD}
    with browser.window(site.url, others=(site.url,)) as window:
        window.goto("/docs")
        window.plug_in_authenticator()
        added = run(window, LOGIN, ADD, credentials=credentials)
        assert (added["status"], added["body"]["name"]) == (201, "Chrome on Linux")
        assert run(window, LOGIN, ADD_AGAIN, credentials=credentials) == "InvalidStateError"
        signed_in = run(window, SIGN_IN)
        assert (signed_in["status"], signed_in["body"]["email"]) == (200, email)
        assert run(window, LOGIN, REMOVE, credentials=credentials)["status"] == 200
        refused = run(window, SIGN_IN)
        assert (refused["status"], refused["body"]["error_code"]) == (401, "invalid_passkey")
