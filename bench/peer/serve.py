"""Serve the peer as its documentation does: `python -m bench.peer.serve PORT`."""

import sys

import uvicorn

if __name__ == "__main__":
    uvicorn.run("bench.peer.app:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="info")
