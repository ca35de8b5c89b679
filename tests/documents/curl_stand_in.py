"""The few options of curl that our documents use, for machines without curl. Runs as a program."""

import argparse
import sys
from base64 import b64encode
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("-u", dest="user")
    asked = parser.parse_intermixed_args()
    data = None if asked.data is None else asked.data.encode()
    headers = dict(header.split(": ", 1) for header in asked.headers)
    if asked.user is not None:
        headers["Authorization"] = f"Basic {b64encode(asked.user.encode()).decode()}"
    request = Request(asked.address, data, headers, method=asked.method)
    try:
        answer = urlopen(request).read()
    except HTTPError as refusal:
        answer = refusal.read()
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
