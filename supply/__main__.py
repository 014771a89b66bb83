"""Writes the bill of materials to a file: ``python -m supply sbom.cdx.json``."""

import sys
from importlib.metadata import version
from pathlib import Path

from supply.lock import OURS, read
from supply.sbom import bom, written


def main() -> None:
    """Write the bill, and say what is in it."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("sbom.cdx.json")
    found = bom(read(), version(OURS))
    target.write_text(written(found) + "\n", "utf-8")
    print(f"{target}: {len(found.components)} components")


if __name__ == "__main__":
    main()
