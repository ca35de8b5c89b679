"""The whole flow with the client of openapi-python-client."""

import json
import sys
import time
import urllib.request

from generated import AuthenticatedClient, Client
from generated.api.account import me, register
from generated.api.mailbox import confirm_email
from generated.api.sessions import list_sessions, logout
from generated.api.sign_in import login, refresh
from generated.models import ConfirmEmailBody, LoginBody, RefreshBody, RegisterBody

PASSWORD = "violet-otter-41"


def code_for(url: str, email: str) -> str:
    for _ in range(50):
        with urllib.request.urlopen(f"{url}/dev/mailbox.json") as answer:
            mails = json.load(answer)["messages"]
        codes = [code for mail in mails if mail["to"] == email for code in mail["codes"]]
        if codes:
            return str(codes[0])
        time.sleep(0.1)
    raise TimeoutError("no mail with a code")


def main(url: str, email: str) -> None:
    client = Client(base_url=url)
    made = register.sync(client=client, body=RegisterBody(name="Anna", email=email, password=PASSWORD))
    assert made.user.email == email, made
    proof = ConfirmEmailBody(email=email, code=code_for(url, email), password=PASSWORD)
    confirmed = confirm_email.sync_detailed(client=client, body=proof)
    assert confirmed.status_code == 200, confirmed
    signed_in = login.sync(client=client, body=LoginBody(email=email, password=PASSWORD)).user
    renewed = refresh.sync(client=client, body=RefreshBody(refresh_token=signed_in.refresh_token)).tokens
    own = AuthenticatedClient(base_url=url, token=renewed.access_token)
    assert me.sync(client=own).email_verified is True
    assert len(list_sessions.sync(client=own).sessions) == 1
    assert logout.sync_detailed(client=own).status_code == 200
    assert me.sync_detailed(client=own).status_code == 401


main(*sys.argv[1:])
