"""The examples of docs/resource-servers.md do what the page says, with tokens of a service that runs."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from tests.deploy.replica import Replica
from tests.documents.test_readme_walkthrough import newcomers_environment, served
from tests.servers.fixtures import opened
from tests.servers.nginx import NginxServer
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.unmeasured

GUIDE = (Path(__file__).parents[2] / "docs" / "resource-servers.md").read_text("utf-8")
PRINTED, PRINTED_UPSTREAM = "localhost:8080", "localhost:9000"
PASSWORD = "violet-otter-41-harbour"


def example(section: str, language: str) -> str:
    """The one block of a section in that language."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


@dataclass
class Guide:
    """A service as the page assumes it, and the folder in which its operator works."""

    folder: Path
    environ: dict[str, str]
    address: str

    def text(self, section: str, language: str) -> str:
        """The example of a section, for the port of this service."""
        return example(section, language).replace(PRINTED, self.address)

    def shell(self, commands: str, **variables: str) -> str:
        environ = self.environ | variables
        ran = subprocess.run(
            ["bash", "-eu", "-c", commands], cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def post(self, path: str, body: dict[str, Any], token: str = "") -> Any:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"http://{self.address}/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def register(self, email: str) -> Any:
        """A new person's tokens."""
        self.post("/auth/register", {"email": email, "password": PASSWORD, "name": "Ann"})
        return self.post("/auth/login", {"email": email, "password": PASSWORD})["user"]

    def service_key(self, command: str) -> str:
        (key,) = re.findall(r"bk_\w+", self.shell(command.replace("bukhindor", ".venv/bin/bukhindor", 1)))
        return str(key)

    def verifier(self) -> Callable[[str], dict[str, Any]]:
        """claims_of, as the Python example defines it."""
        names: dict[str, Any] = {}
        exec(self.text("Python", "python"), names)
        verify: Callable[[str], dict[str, Any]] = names["claims_of"]
        return verify


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    folder = tmp_path_factory.mktemp("guide")
    environ = newcomers_environment(folder) | {"TOKEN_CLAIMS": "db_role:app_metadata.db_role"}
    with served(folder, environ) as address:
        yield Guide(folder, environ, address)


def test_a_token_verifies_after_a_logout_and_introspection_shows_it(guide: Guide) -> None:
    tokens = guide.register("ann@example.com")
    token, claims_of = tokens["access_token"], guide.verifier()
    key = guide.service_key(example("Introspection", ""))
    ask = guide.text("Introspection", "bash")
    claims = claims_of(token)
    before = json.loads(guide.shell(ask, SERVICE_KEY=key, ACCESS_TOKEN=token))
    assert (before["active"], before["sub"], before["token_type"]) == (True, claims["sub"], "Bearer")

    guide.post("/auth/logout", {}, token)
    assert claims_of(token) == claims
    assert json.loads(guide.shell(ask, SERVICE_KEY=key, ACCESS_TOKEN=token)) == {"active": False}


def test_the_python_example_refuses_what_is_no_access_token_of_this_service(guide: Guide) -> None:
    tokens, claims_of = guide.register("bob@example.com"), guide.verifier()
    header, body, signature = tokens["access_token"].split(".")
    forged = jwt.encode(jwt.decode(tokens["access_token"], options={"verify_signature": False}), "s" * 32, "HS256")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    for wrong in (tokens["refresh_token"], forged, f"{header}.{body}.{flipped}", f"{header}.{body}.", "rubbish"):
        with pytest.raises(jwt.InvalidTokenError):
            claims_of(wrong)
    assert claims_of(tokens["access_token"])["role"] == "user"


def test_nginx_lets_in_who_is_signed_in_and_no_client_names_itself(guide: Guide) -> None:
    user = guide.register("cyn@example.com")
    token = user["access_token"]
    behind = Replica()
    upstream = behind.start()
    proxy = opened(NginxServer)
    try:
        port = upstream.server_address[1]
        block = example("nginx", "nginx").replace(PRINTED, guide.address.replace("localhost", "127.0.0.1"))
        block = block.replace(PRINTED_UPSTREAM, f"127.0.0.1:{port}")
        proxy.start(f"server {{ listen 127.0.0.1:{proxy.port}; {block} }}")
        url = f"{proxy.url}/orders/7"
        signed_in = {"authorization": f"Bearer {token}"}
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers=signed_in | {"X-User-Id": "1", "X-User-Role": "admin"}).status_code == 200
        assert httpx.post(url, headers=signed_in, content=b"{}").status_code == 200
        guide.post("/auth/logout", {}, token)
        assert httpx.get(url, headers=signed_in).status_code == 401
    finally:
        proxy.close()
        upstream.shutdown()
        upstream.server_close()
    subject = guide.verifier()(token)["sub"]
    assert [(method, path) for method, path, _ in behind.requests] == [("GET", "/orders/7"), ("POST", "/orders/7")]
    for _, _, headers in behind.requests:
        assert (headers["x-user-id"], headers["x-user-role"]) == (subject, "user")


async def test_a_person_sees_and_writes_own_rows_only(guide: Guide, postgres_server: PostgresServer) -> None:
    """As PostgREST does it: for each request one transaction with the role and the claims of the verified token."""
    claims_of = guide.verifier()
    key = guide.service_key("bukhindor service-keys create roles --scope users:write")
    people = []
    for email in ("dan@example.com", "eve@example.com"):
        tokens = guide.register(email)
        user_id = claims_of(tokens["access_token"])["sub"]
        answer = httpx.patch(
            f"http://{guide.address}/api/v1/users/{user_id}",
            json={"app_metadata": {"db_role": "member"}},
            headers={"authorization": f"Bearer {key}"},
        )
        assert answer.is_success, answer.text
        refreshed = guide.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
        people.append(claims_of(refreshed["user"]["access_token"]))
    dan, eve = people

    database = await postgres_server.create_database()
    connection = await postgres_server.connect(database)

    async def ask(claims: dict[str, Any], statement: str) -> Any:
        async with connection.transaction():
            await connection.execute("SELECT set_config('role', $1, true)", claims["db_role"])
            await connection.execute("SELECT set_config('request.jwt.claims', $1, true)", json.dumps(claims))
            return [tuple(row) for row in await connection.fetch(statement)]

    try:
        await connection.execute(example("Row-level security", "sql"))
        await ask(dan, "INSERT INTO orders (title) VALUES ('of Dan')")
        await ask(eve, "INSERT INTO orders (title) VALUES ('of Eve')")
        assert await ask(dan, "SELECT title FROM orders") == [("of Dan",)]
        assert await ask(eve, "UPDATE orders SET title = 'changed' RETURNING title") == [("changed",)]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(dan, f"INSERT INTO orders (owner, title) VALUES ('{eve['sub']}', 'forged')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(dan, f"UPDATE orders SET owner = '{eve['sub']}'")
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE member")
            assert await connection.fetch("SELECT title FROM orders") == []
        assert await connection.fetchval("SELECT count(*) FROM orders") == 2
    finally:
        await connection.execute("DROP OWNED BY member; DROP ROLE member")
        await connection.close()
        await postgres_server.drop_database(database)
