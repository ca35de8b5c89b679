"""The commands of the README's walk do what it says, pasted one after the other as they are printed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bukhindor.config import Settings
from tests.servers.processes import free_port
from tests.servers.programs import NODE, environment, locate

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]
CURL_STAND_IN = Path(__file__).with_name("curl_stand_in.py")
PRINTED_PORT = "localhost:8080"
# For all commands of a document together: programs start dozens of times, each of which takes a busy machine a while.
PATIENCE_SECONDS = 180


def commands_in(document: str) -> str:
    """All blocks that are marked as bash, in order."""
    text = (ROOT / document).read_text("utf-8")
    return "".join(re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def newcomers_environment(folder: Path) -> dict[str, str]:
    """The environment without our own settings, and a folder that has `.venv` like the project's.

    The shell must not warn about a language that this machine lacks, and tools must not connect with other settings.
    """
    (folder / ".venv").symlink_to(sys.prefix)
    ours = {variable for variable, _, _ in Settings.read({}, None).variables}
    environ = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PG")}
    environ["LC_ALL"] = "C"
    if shutil.which("curl") is None:
        program = folder / "programs" / "curl"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {CURL_STAND_IN} "$@"\n')
        program.chmod(0o755)
        environ["PATH"] = f"{program.parent}{os.pathsep}{environ['PATH']}"
    return environ


@contextmanager
def served(folder: Path, environ: dict[str, str]) -> Iterator[str]:
    """The service as `make run` starts it, on a free port; yields `localhost:port`."""
    port = free_port()
    process = subprocess.Popen(
        [".venv/bin/bukhindor", "serve", "--port", str(port)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert any("listens on" in line for line in process.stdout)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def walked(folder: Path, environ: dict[str, str], address: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The whole walk in one shell."""
    return subprocess.run(
        ["bash", "-u", *options, "-c", commands_in("README.md").replace(PRINTED_PORT, address)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_the_walk_works_as_printed_and_a_second_time(tmp_path: Path) -> None:
    environ = newcomers_environment(tmp_path)
    with served(tmp_path, environ) as address:
        walk = walked(tmp_path, environ, address, "-e")
        second = walked(tmp_path, environ, address)

    assert second.stderr == "An account with this email address already exists.\n"
    again = answers(second.stdout.splitlines())
    assert [answer.get("error_code") for answer in again if "error_code" in answer] == [
        "invalid_token",
        "mfa_required",
        "account_locked",
    ]
    assert len(again) == len(answers(walk.stdout.splitlines()))
    assert (walk.returncode, walk.stderr) == (0, "")
    lines = walk.stdout.splitlines()
    (created,) = [line for line in lines if not line.startswith("{")]
    said = iter(answers(lines))
    health, registered, signed_in, verified, me, renewed, sessions = islice(said, 7)
    changed, confirmed, signed_out, refused = islice(said, 4)
    assert created.startswith("Created admin admin@example.com with id ")
    assert health["status"] == "ok"
    assert registered["user"]["email"] == me["email"]
    assert verified["message"] == "The address is verified."
    assert (registered["user"]["email_verified"], me["email_verified"]) == (False, True)
    issued = [signed_in["user"], renewed["user"], changed["user"]]
    assert len({tokens["refresh_token"] for tokens in issued}) == 3
    assert len({tokens["access_token"] for tokens in issued}) == 3
    assert confirmed["user"]["refresh_token"] == changed["user"]["refresh_token"]
    assert [session["current"] for session in sessions["sessions"]] == [True]
    assert signed_out["message"]
    assert (refused["status"], refused["error_code"]) == (401, "invalid_token")
    asked_for_link, reset_by_link, signed_in_after_link = islice(said, 3)
    registered_boris, asked_for_code, reset_by_code, signed_in_after_code = islice(said, 4)
    assert asked_for_link == asked_for_code
    assert reset_by_link["message"] == reset_by_code["message"]
    assert reset_by_link["message"].startswith("The password has been changed.")
    assert signed_in_after_link["user"]["access_token"]
    assert signed_in_after_code["user"]["access_token"]
    asked_to_sign_in, signed_in_by_mail = islice(said, 2)
    assert asked_to_sign_in == asked_for_link
    assert signed_in_by_mail["user"]["access_token"]
    confirmed_app, asked_for_factor, signed_in_with_factor = islice(said, 3)
    assert len(confirmed_app["recovery_codes"]) == 10
    assert (asked_for_factor["error_code"], asked_for_factor["factors"]) == ("mfa_required", ["totp", "recovery_code"])
    assert signed_in_with_factor["user"]["access_token"]
    users, resets, passkey_options = islice(said, 3)
    anna, boris = registered["user"]["id"], registered_boris["user"]["id"]
    assert {user["email"]: user["email_verified"] for user in users["users"]} == {
        me["email"]: True,
        registered_boris["user"]["email"]: True,
        "admin@example.com": False,
    }
    assert [event["subject_id"] for event in resets["events"]] == [boris, anna]
    guest, gaby, merged = islice(said, 3)
    assert (guest["is_guest"], gaby["is_guest"], gaby["id"]) == (True, False, guest["id"])
    assert merged["user"]["access_token"]
    assert merged["merged_from"] not in (guest["id"], None)
    invited, listed, accepted = islice(said, 3)
    assert listed == {"invitations": [invited]}
    assert (accepted["user"]["email"], accepted["user"]["email_verified"]) == (invited["email"], True)
    locked, refused_to_locked = islice(said, 2)
    assert locked["message"].startswith("The account is locked.")
    assert (refused_to_locked["status"], refused_to_locked["error_code"]) == (403, "account_locked")
    assert list(said) == []
    assert passkey_options["options"]["rpId"] == "localhost"


def test_a_refusal_is_printed_in_place_of_a_token() -> None:
    defined = commands_in("README.md").split("curl")[0]
    refused = subprocess.run(
        ["bash", "-c", f"{defined}\npick access_token"],
        input='{"detail": "The email address or the password is wrong."}',
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.stdout, refused.stderr) == ("", "The email address or the password is wrong.\n")


def answers(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{")]


# What a page does: five calls at once with an access token that is no longer valid, a response that gets lost, and a
# session that the service has ended.
SCENES = """
const asked = [];
let lose = false;
const network = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  asked.push(new URL(url).pathname);
  const answer = await network(url, options);
  if (lose && url.endsWith("/auth/refresh")) {
    lose = false;
    throw new TypeError("the connection broke");
  }
  return answer;
};
const spoil = () => { tokens = { ...tokens, access_token: "spoilt" }; };
const refreshes = () => asked.splice(0).filter((path) => path.endsWith("/auth/refresh")).length;

spoil();
const answers = await Promise.all(Array.from({ length: 5 }, () => call("/auth/me")));
console.log(JSON.stringify([answers.map((answer) => answer.status), refreshes()]));

spoil();
lose = true;
const lost = await call("/auth/me").catch((failure) => failure.message);
console.log(JSON.stringify([lost, (await call("/auth/me")).status, refreshes()]));

await call("/auth/logout", { method: "POST" });
const ended = await call("/auth/me").catch((failure) => failure.status);
console.log(JSON.stringify([ended, tokens]));
"""


@pytest.mark.parametrize("document", ["README.md", "README.ru.md"])
def test_the_example_in_javascript_loses_no_session(tmp_path: Path, document: str) -> None:
    environ = newcomers_environment(tmp_path)
    (program,) = re.findall(r"^```js\n(.*?)^```$", (ROOT / document).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    admin = ["users", "create", "--email", "admin@example.com", "--name", "Admin", "--password-stdin"]
    with served(tmp_path, environ) as address:
        subprocess.run(
            [".venv/bin/bukhindor", *admin],
            input="monsoon-lantern-88\n",
            cwd=tmp_path,
            env=environ,
            text=True,
            capture_output=True,
            check=True,
        )
        (tmp_path / "example.mjs").write_text(program.replace(PRINTED_PORT, address) + SCENES, "utf-8")
        node = locate(NODE)
        ran = subprocess.run(
            [node, "example.mjs"],
            cwd=tmp_path,
            env=environment(node),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    *printed, together, lost, ended = ran.stdout.splitlines()
    assert "admin@example.com" in "".join(printed)
    assert json.loads(together) == [[200] * 5, 1]
    assert json.loads(lost) == ["the connection broke", 200, 2]
    assert json.loads(ended) == [401, None]


def test_both_languages_print_the_same_commands() -> None:
    assert commands_in("README.ru.md") == commands_in("README.md") != ""
