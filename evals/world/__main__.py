"""Records the sample world anew: ``make world``, after a change of what its decisions rest on."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant import environment
from evals.world.play import keep, play


def main() -> None:
    """Play the script in a folder that is thrown away, and keep what it wrote."""
    environment.prepare()
    with TemporaryDirectory() as name:
        folder = Path(name)
        ended = asyncio.run(play(folder, _told))
        _told(f"{keep(folder, ended):,} bytes, recorded until {ended:%Y-%m-%d %H:%M}")


def _told(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
