"""The stand-in as a process of its own."""

import os
import signal
import sys
import threading
from pathlib import Path

from tests.support.qdrant_server.process import KEY
from tests.support.qdrant_server.server import QdrantServer


def main() -> None:
    """Serve until SIGTERM."""
    port, *folder = sys.argv[1:]
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    key = os.environ.get(KEY) or None
    with QdrantServer(int(port), Path(folder[0]) if folder else None, key) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
