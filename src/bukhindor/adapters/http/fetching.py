"""One GET of a small file, as systems that read /.well-known/ do it: without following a redirect, without a proxy."""

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_MOST_BYTES = 128 * 1024
_CHUNK = 16 * 1024


class NotFetched(Exception):
    """No response came; the text says why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`media_type` is without parameters, in lower case; `location` is where a redirect leads, or empty."""

    status: int
    media_type: str
    location: str
    body: bytes


def fetch(url: str, patience: float) -> Fetched:
    """Get what is at an http or https address; `patience` is in seconds, for each wait and for the whole response.

    Raises NotFetched.
    """
    parts = urlsplit(url)
    deadline = time.monotonic() + patience
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=patience, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=patience)
    )
    try:
        connection.request("GET", parts.path, headers={"accept": "application/json", "user-agent": "bukhindor-doctor"})
        response = connection.getresponse()
        body = _read(response, deadline)
    except ssl.SSLCertVerificationError as error:
        raise NotFetched(f"the certificate is not trusted ({error.verify_message})") from error
    except TimeoutError as error:
        raise NotFetched(f"no response in {patience:g} seconds") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(_reason(error)) from error
    finally:
        connection.close()
    media_type = response.getheader("content-type", "").partition(";")[0].strip().lower()
    return Fetched(response.status, media_type, response.getheader("location", ""), body)


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The beginning of the body. Raises TimeoutError when it goes on after the deadline."""
    chunks: list[bytes] = []
    while sum(map(len, chunks)) < _MOST_BYTES:
        chunk = response.read1(_CHUNK)
        if not chunk:
            break
        if time.monotonic() > deadline:
            raise TimeoutError
        chunks.append(chunk)
    return b"".join(chunks)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'no TLS there'})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "what came is not HTTP"
