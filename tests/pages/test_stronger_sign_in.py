"""Passkeys and second factors on the hosted pages, in a real browser."""

import re

import pyotp

from tests.pages.browser import Browser, Window
from tests.pages.site import PASSWORD, Site


def sign_in(window: Window, email: str) -> None:
    """Sign in with the password, as far as the password goes."""
    window.goto("/account/sign-in")
    window.evaluate("document.getElementById('email').focus()")
    window.type(email)
    window.fill("Password", PASSWORD)
    window.click("button", "Sign in")


def test_a_passkey_is_added_and_signs_in_without_typing_anything(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        window.goto("/account/sign-in")
        sign_in(window, email)
        window.wait_for(email)
        window.plug_in_authenticator()
        window.click("link", "Passkeys")
        window.click("button", "Add a passkey")
        window.wait_for("Rename")
        assert window.violations() == []
        window.goto("/account")
        window.click("button", "Sign out")

        # The browser offers the passkey by itself, and the virtual authenticator accepts at once.
        window.wait_for_address("/account")
        window.wait_for(email)

        window.goto("/account/passkeys")
        window.evaluate("document.querySelector('[name=name]').value = 'My phone'")
        window.click("button", "Rename", exact=False)
        window.wait_for("My phone")
        window.click("button", "Remove: My phone")
        window.wait_for("A passkey signs you in")
        assert "My phone" not in window.text


def test_without_a_passkey_the_page_of_the_sign_in_reports_nothing(browser: Browser, site: Site) -> None:
    """What the browser can't offer by itself is no mistake of the person who opens the page."""
    with browser.window(site.url) as window:
        window.goto("/account/sign-in")
        # Longer than it takes to ask for options and to find no authenticator.
        window.evaluate("new Promise((done) => setTimeout(done, 1000))")
        assert "That did not work" not in window.text
        assert window.evaluate("document.getElementById('passkey-error').hidden")


def test_a_passkey_is_the_second_factor_of_a_sign_in(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        sign_in(window, email)
        window.wait_for(email)
        window.plug_in_authenticator()
        window.goto("/account/passkeys")
        window.click("button", "Add a passkey")
        window.wait_for("Rename")
        window.goto("/account/factors")
        window.click("button", "Add an authenticator app")
        window.wait_for("Scan this code")
        app = pyotp.TOTP(str(window.evaluate("document.querySelector('code').textContent")))
        window.fill("Code from the app", app.now())
        window.click("button", "Confirm")
        window.wait_for("Your recovery codes")
        # Without a cookie, and before the browser offers the passkey by itself.
        for cookie in ("access_token", "refresh_token"):
            window.remove_cookie(cookie)
        window.goto("/account/sign-in/forgotten")
        window.evaluate(
            f"""(() => {{
              const form = document.createElement("form");
              form.method = "post";
              form.action = "/account/sign-in";
              for (const [name, value] of [["email", "{email}"], ["password", "{PASSWORD}"]]) {{
                const field = document.createElement("input");
                [field.name, field.value] = [name, value];
                form.append(field);
              }}
              document.body.append(form);
              form.submit();
            }})()"""
        )
        window.wait_for("Enter the six digits")
        window.click("button", "Use a passkey")
        window.wait_for("Signed in as")


def test_an_authenticator_app_is_added_from_the_page_and_asked_for(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        sign_in(window, email)
        window.wait_for(email)
        window.click("link", "Second factor")
        window.fill("Name", "Pixel 10")
        window.click("button", "Add an authenticator app")
        window.wait_for("Scan this code")
        assert window.evaluate("document.querySelector('.qr svg').getBoundingClientRect().width") > 100
        assert window.violations() == []
        app = pyotp.TOTP(str(window.evaluate("document.querySelector('code').textContent")))
        window.fill("Code from the app", "000000")
        window.click("button", "Confirm")
        window.wait_for("Your app has this account already")
        window.fill("Code from the app", app.now())
        window.click("button", "Confirm")
        window.wait_for("Your recovery codes")
        codes = re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", window.text)
        assert len(codes) == 10
        assert window.violations() == []
        window.click("link", "Continue")
        window.wait_for("Recovery codes left: 10")
        assert window.violations() == []
        window.goto("/account")
        window.click("button", "Sign out")

        sign_in(window, email)
        window.wait_for("Enter the six digits")
        assert window.violations() == []
        window.fill("Code from the app", "000000")
        window.click("button", "Sign in")
        window.wait_for("Enter the six digits")
        window.fill("Recovery code", codes[0])
        window.press("Enter")
        window.wait_for(email)
        window.goto("/account/factors")
        window.wait_for("Recovery codes left: 9")

        window.click("button", "Make new recovery codes")
        window.wait_for("Your recovery codes")
        window.click("link", "Continue")
        window.click("button", "Remove: Pixel 10")
        window.wait_for("With an authenticator app")
        assert "Pixel 10" not in window.text
        window.goto("/account")
        window.click("button", "Sign out")
        sign_in(window, email)
        window.wait_for("Signed in as")
