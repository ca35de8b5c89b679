"""The domain decides and is pure: standard library and IDNA only, no input or output, no clock, no chance."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOMAIN = Path(__file__).parents[2] / "src" / "bukhindor" / "domain"

# Tables of Unicode, of which the standard library has an edition of 2003.
PURE_LIBRARIES = frozenset({"idna"})
IMPURE_MODULES = frozenset(
    "asyncio concurrent ctypes fcntl ftplib getpass http importlib io locale logging mmap multiprocessing os "
    "pathlib platform poplib queue random resource secrets select selectors shelve shutil signal smtplib "
    "socket socketserver sqlite3 ssl subprocess syslog tempfile threading time webbrowser".split()
)
IMPURE_CALLS = frozenset(
    "now utcnow today getnode uuid1 uuid4 uuid6 uuid7 time time_ns monotonic perf_counter urandom randint "
    "token_bytes token_hex token_urlsafe randbelow urlopen open print input".split()
)


def impurities(source: str) -> Iterator[str]:
    """What a piece of domain source does that the domain must leave to others, as `line: what`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (f"{node.lineno}: {alias.name}" for alias in names if not is_pure(alias.name))
            case ast.ImportFrom(module=str(module), level=0):
                if not is_pure(module):
                    yield f"{node.lineno}: {module}"
                yield from (f"{node.lineno}: {alias.name}" for alias in node.names if alias.name in IMPURE_CALLS)
            case ast.ImportFrom():
                yield f"{node.lineno}: relative import"
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in IMPURE_CALLS:
                # `moment.time()` of a given datetime is pure, but has not been needed yet.
                yield f"{node.lineno}: {name}()"


def is_pure(module: str) -> bool:
    """Whether the domain may import this module, by its dotted name."""
    top = module.partition(".")[0]
    if top == "bukhindor":
        return module == "bukhindor.domain" or module.startswith("bukhindor.domain.")
    if top in PURE_LIBRARIES:
        return True
    return top in sys.stdlib_module_names and top not in IMPURE_MODULES and module != "urllib.request"


def test_the_domain_is_pure() -> None:
    files = sorted(DOMAIN.rglob("*.py"))
    found = [f"{file.relative_to(DOMAIN)}:{what}" for file in files for what in impurities(file.read_text("utf-8"))]
    assert files
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import msgspec",
        "import datetime, sqlite3",
        "import bukhindor.ports",
        "from bukhindor.domain_events import x",
        "from urllib.request import Request",
        "from . import user",
        "from uuid import uuid4",
        "def f():\n    import secrets",
        "import uuid\nx = uuid.uuid4()",
        "from datetime import datetime, UTC\nx = datetime.now(UTC)",
        "from datetime import date as day\nx = day.today()",
    ],
)
def test_an_impure_source_is_recognised(source: str) -> None:
    assert len(list(impurities(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import hashlib, hmac, unicodedata",
        "from uuid import UUID\nx = UUID(int=1)",
        "from urllib.parse import urlsplit",
        "from datetime import datetime\ndef f(now: datetime) -> bool:\n    return now > datetime.min",
        "from bukhindor.domain.user import User",
    ],
)
def test_a_pure_source_passes(source: str) -> None:
    assert list(impurities(source)) == []
