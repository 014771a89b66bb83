"""``python -m deploy.bundle FOLDER``: all that a machine without network needs, in one folder."""

import argparse
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

from assistant.local.catalogue import CATALOGUE, InstalledFile, find
from assistant.local.weights import WeightsStore
from assistant.settings import Settings
from deploy.bundle.lock import MICRO, PLATFORMS, ROOT, Platform, locked, required, selection
from guardrails import digests

_HERE: Final = Path(__file__).parent
_README: Final = """Routeback {version} for {title}, Python {python}: everything, without network.

    python3 install.py /opt/routeback
    /opt/routeback/routeback up

install.py compares every file with SHA256SUMS, makes a virtual environment, installs the wheels by
their hashes, and puts the weights where they are found. Weights: {weights}.
"""


def main() -> None:
    """Make a bundle."""
    told = _arguments()
    platform, python = PLATFORMS[told.platform], tuple(map(int, told.python.split(".")))
    folder: Path = told.folder
    if folder.exists():
        sys.exit(f"{folder} is there already.")
    chosen = selection(locked(), required(), platform, (python[0], python[1]))
    if chosen.missing:
        sys.exit(f"There is no wheel for {platform.title} of: {', '.join(chosen.missing)}.")
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    own = _own_wheel(wheels)
    lines = [wheel.requirement for wheel in chosen.wheels]
    _download(lines, platform, told.python, wheels)
    lines.append(f"routeback=={version('routeback')} --hash=sha256:{digests.of_file(own)}")
    (folder / "requirements.txt").write_text("\n".join([*sorted(lines), ""]))
    _weights(told.weights, folder / "weights")
    about = {"routeback": version("routeback"), "platform": platform.name, "python": told.python}
    (folder / "bundle.json").write_text(json.dumps(about | {"weights": told.weights}, indent=2))
    names = ", ".join(told.weights) or "none; answers are quoted"
    readme = _README.format(
        version=version("routeback"), title=platform.title, python=told.python, weights=names
    )
    (folder / "README").write_text(readme)
    shutil.copyfile(_HERE / "install.py", folder / "install.py")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{digests.of_file(path)}  {path.relative_to(folder).as_posix()}" for path in files]
    (folder / "SHA256SUMS").write_text("\n".join([*sums, ""]))


def _arguments() -> argparse.Namespace:
    fetched = [w.name for w in CATALOGUE if not isinstance(w.mirror, InstalledFile)]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--platform", choices=PLATFORMS, default="linux-x86_64")
    parser.add_argument("--python", choices=["3.11", "3.12", "3.13"], default="3.11")
    parser.add_argument(
        "--weights", nargs="*", choices=fetched, default=[Settings().engine.model],
        help="names of weights; none after it: a bundle that quotes",
    )  # fmt: skip
    return parser.parse_args()


def _own_wheel(folder: Path) -> Path:
    command = ["uv", "build", "--quiet", "--wheel", "--out-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    for stray in folder.glob(".gitignore"):
        stray.unlink()
    (wheel,) = folder.glob("routeback-*.whl")
    return wheel


def _download(lines: list[str], platform: Platform, python: str, folder: Path) -> None:
    """Fetch the wheels of these lines: each has the hash of one file."""
    listed = folder / "listed.txt"
    listed.write_text("\n".join(lines))
    digits = python.replace(".", "")
    command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(folder)]
    command += ["--implementation=cp", f"--python-version={python}.{MICRO}"]
    command += [f"--abi={abi}" for abi in (f"cp{digits}", "abi3", "none")]
    command += [f"--platform={tag}" for tag in platform.tags]
    subprocess.run([*command, "-r", str(listed)], check=True)  # noqa: S603
    listed.unlink()


def _weights(names: list[str], folder: Path) -> None:
    """Copy weights, fetched before if they are not here; their bytes are the published ones."""
    folder.mkdir()
    settings = Settings()
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    for name in names:
        weights = find(name)
        shutil.copyfile(store.pull(weights), folder / weights.filename)


if __name__ == "__main__":
    main()
