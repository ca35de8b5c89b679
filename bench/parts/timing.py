"""Whether the time of a response tells that an address has an account: pairs of known and unknown, in turns."""

import http.client
import json
import time
from statistics import median

from bench.accounts import email_of
from bench.figures import Figure, milliseconds
from bench.processes import Server
from bench.stage import Stage

_PAIRS = 500
_WARM_UP = 20
_TOLERANCE_SECONDS = 0.005
_TOLERANCE_SHARE = 0.05

_QUESTIONS = {
    "/auth/login, wrong password": ("/auth/login", {"password": "seven yellow lanterns"}),
    "/auth/reset-password": ("/auth/reset-password", {}),
    "/auth/verify-email": ("/auth/verify-email", {}),
    "/auth/sign-in-code": ("/auth/sign-in-code", {}),
}


def measure(stage: Stage) -> list[Figure]:
    with stage.serving(stage.scale.users) as server, stage.cores.only(stage.cores.load):
        return [_compare(server, name, path, body) for name, (path, body) in _QUESTIONS.items()]


def _compare(server: Server, name: str, path: str, body: dict[str, str]) -> Figure:
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    answers = set()
    for number in range(_WARM_UP + _PAIRS):
        # One failure for each account: no limit and no disabled password may take part.
        addresses = {"known": email_of(2_000 + number), "unknown": f"nobody{number}@example.com"}
        for kind, address in addresses.items():
            seconds, answer = ask(server.port, path, {"email": address, **body})
            answers.add(answer)
            if number >= _WARM_UP:
                times[kind].append(seconds)
    if len(answers) != 1 or answers & {(404, "not_found")}:
        raise RuntimeError(f"{path} answers known and unknown addresses differently: {answers}")
    known, unknown = median(times["known"]), median(times["unknown"])
    allowed = max(_TOLERANCE_SECONDS, _TOLERANCE_SHARE * known)
    return Figure(
        f"{name}: known address (peer: unknown)",
        milliseconds(known),
        milliseconds(unknown),
        known / unknown,
        f"differ <= {allowed * 1000:.1f} ms",
        abs(known - unknown) <= allowed,
    )


def ask(port: int, path: str, body: dict[str, str]) -> tuple[float, tuple[int, str]]:
    """Seconds until the whole answer was there, and what of it may not differ: the status and the message."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    started = time.perf_counter()
    connection.request("POST", f"/api/v1{path}", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = json.loads(response.read())
    seconds = time.perf_counter() - started
    connection.close()
    return seconds, (response.status, content.get("error_code") or content["message"])
