"""Installs Routeback from the folder that this file lies in, without network.

    python3 install.py /opt/routeback
    /opt/routeback/routeback up

Needs the Python that the bundle was made for, and nothing else. Every file is compared with
SHA256SUMS before, and every package with its hash while it is installed.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent
START = """#!/bin/sh
# Written by install.py. Nothing is fetched: what is needed came with the bundle.
export ROUTEBACK_OFFLINE="${{ROUTEBACK_OFFLINE:-1}}"
export ROUTEBACK_CACHE_DIR="${{ROUTEBACK_CACHE_DIR:-{cache}}}"
exec "{command}" "$@"
"""


def main() -> None:
    """Check, install, and say how to start."""
    parser = argparse.ArgumentParser(description="Install Routeback without network.")
    parser.add_argument("folder", type=Path, help="where it is installed; is made")
    folder = parser.parse_args().folder.resolve()
    made = json.loads((BUNDLE / "bundle.json").read_text())
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here != made["python"]:
        sys.exit(f"This bundle is for Python {made['python']}; this is Python {here}.")
    if wrong := _damaged():
        sys.exit("Not as they were when the bundle was made: " + ", ".join(wrong))
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)  # noqa: S603
    command = [str(venv / "bin" / "python"), "-m", "pip", "--isolated", "install", "--quiet"]
    command += ["--disable-pip-version-check", "--no-index", "--no-deps", "--require-hashes"]
    command += ["--find-links", str(BUNDLE / "wheels"), "-r", str(BUNDLE / "requirements.txt")]
    subprocess.run(command, check=True)  # noqa: S603
    models = folder / "cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    for weights in sorted((BUNDLE / "weights").iterdir()):
        shutil.copyfile(weights, models / weights.name)
    start = folder / "routeback"
    start.write_text(START.format(cache=folder / "cache", command=venv / "bin" / "routeback"))
    start.chmod(0o755)
    print(f"Installed. Start it:  {start} up")  # noqa: T201


def _damaged() -> list[str]:
    """Return the files that are missing, changed, or in no list."""
    lines = (BUNDLE / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    for folder, folders, names in os.walk(BUNDLE):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            sums.setdefault(os.path.relpath(Path(folder, name), BUNDLE), "")
    sums.pop("SHA256SUMS")
    return [name for name, digest in sorted(sums.items()) if _sum(BUNDLE / name) != digest]


def _sum(path: Path) -> str:
    if not path.is_file():
        return "missing"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
