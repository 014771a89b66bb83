"""``python -m ui``: the pages, served by Streamlit. Streamlit's own flags may follow.

When standard input is a pipe, its other end belongs to whoever started the process: at its end
the process ends too, so that a parent that was killed leaves no server behind.
"""

import os
import stat
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Final

_APP: Final = Path(__file__).with_name("pages.py")
_FLAGS: Final = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "runner.magicEnabled": "false",
    "theme.light.primaryColor": "#176b63",
    "theme.light.linkColor": "#176b63",
    "theme.dark.primaryColor": "#257d72",
    "theme.dark.linkColor": "#7fd0c6",
    "theme.baseRadius": "0.6rem",
}
"""What the pages are served with, unless the command line says otherwise."""
_CHARTS: Final = ("pandas", "altair")
"""What a page with a chart needs: two seconds to import, which the first visitor would wait."""
_PAUSE_S: Final = 3.0


def main() -> None:
    """Serve the pages until the process is ended."""
    from streamlit.web import cli

    if _is_pipe(sys.stdin.fileno() if sys.stdin else None):
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    threading.Thread(target=_import_ahead, name="charts", daemon=True).start()
    flags = [part for name, value in _FLAGS.items() for part in (f"--{name}", value)]
    cli.main(["run", str(_APP), *flags, *sys.argv[1:]], prog_name="routeback-ui")


def _import_ahead(pause_s: float = _PAUSE_S) -> None:
    """Import what charts need, once the server has started."""
    time.sleep(pause_s)
    for name in _CHARTS:
        import_module(name)


def _is_pipe(descriptor: int | None) -> bool:
    """Whether somebody holds the other end; asyncio gives its children a socket for a pipe."""
    if descriptor is None:
        return False
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
