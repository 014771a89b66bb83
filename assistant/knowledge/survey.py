"""Which files below a folder are documents, and why the others are not."""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.errors import LoadError
from assistant.knowledge.readers.options import Note

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_NEVER: Final = frozenset(
    """
    node_modules bower_components jspm_packages site-packages __pycache__ __MACOSX _build _site
    venv env.bak
    """.split()
)
"""Folders of programs, not of people."""
_BUILT: Final = frozenset("build dist out target".split())
"""Folders that a build writes, where the files that say so stand beside them."""
_BUILDS: Final = frozenset(
    """
    package.json conf.py setup.py pyproject.toml pom.xml build.gradle Cargo.toml mkdocs.yml
    docusaurus.config.js docusaurus.config.ts hugo.toml hugo.yaml config.toml _config.yml book.toml
    """.split()
)
_TEMPORARY: Final = ("~$", ".~", "~")
_SYSTEM: Final = frozenset({"thumbs.db", "desktop.ini"})
_OLDER: Final = {
    ".doc": "Word's older format; save it as .docx",
    ".ppt": "PowerPoint's older format; save it as .pptx",
    ".rtf": "rich text; save it as .docx",
    ".odt": "LibreOffice's format; save it as .docx",
    ".pages": "Apple's format; save it as .docx",
    ".numbers": "Apple's format; save it as .xlsx",
    ".zip": "an archive; unpack it",
    ".gz": "an archive; unpack it",
}
_IGNORES: Final = ".gitignore"


@dataclass(frozen=True, slots=True)
class Survey:
    """The files to read, sorted, and what is left out beside them."""

    files: tuple[Path, ...]
    left_out: tuple[Note, ...]


def survey(path: Path, known: Collection[str]) -> Survey:
    """Look at ``path``: one file, or all below a folder.

    known: suffixes that can be read, in small letters.

    Raises:
        LoadError: nothing is there, it may not be read, or no file has a known suffix.
    """
    reads = f"It reads {', '.join(sorted(known))}."
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise LoadError(f"{path} does not exist.", source=str(path)) from None
    except OSError as error:
        raise unreadable(path, error, source=str(path)) from error
    if not stat.S_ISDIR(mode):
        if path.suffix.lower() not in known:
            older = _OLDER.get(path.suffix.lower())
            raise LoadError(
                f"{path} has the suffix {path.suffix or '(none)'}, which Routeback cannot read.",
                source=str(path),
                hint=f"It is {older}." if older else reads,
            )
        return Survey((path,), ())
    chosen: list[Path] = []
    left_out: list[Note] = []
    for file, why in _walk(path):
        what = why or _why_not(file, known)
        if what:
            shown = str(file.relative_to(path)).encode(errors="replace").decode()
            left_out.append(Note.left_out(shown, what))
        else:
            chosen.append(file)
    if not chosen:
        raise LoadError(
            f"{path} holds no file that Routeback can read.", source=str(path), hint=reads
        )
    return Survey(tuple(sorted(chosen)), tuple(sorted(left_out, key=lambda note: note.source)))


def unreadable(path: Path, error: OSError, *, source: str) -> LoadError:
    """Return what is wrong with a path that the system refuses."""
    denied = isinstance(error, PermissionError)
    return LoadError(
        f"{path} cannot be read: {error.strerror}.",
        source=source,
        hint="Give this user the right to read it." if denied else "",
    )


def _walk(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file, or folder that is left out as a whole, and why it is left out, if it is."""

    def complain(error: OSError) -> None:
        raise LoadError(
            f"{error.filename} cannot be listed: {error.strerror}.",
            source=str(error.filename),
            hint="Give this user the right to read it, or add a folder inside it.",
        )

    ignored: dict[Path, list[tuple[Path, GitIgnoreSpec]]] = {}
    for name, folders, files in os.walk(root, onerror=complain):
        folder = Path(name)
        specs = ignored.get(folder.parent, []) if folder != root else []
        if _IGNORES in files:
            specs = [*specs, (folder, _spec(folder / _IGNORES))]
        ignored[folder] = specs
        entered = []
        for inner in sorted(folders):
            path = folder / inner
            why = _why_not_folder(path, files, specs, root)
            if why:
                yield path, why
            else:
                entered.append(inner)
        folders[:] = entered
        for inner in sorted(files):
            path = folder / inner
            yield path, _outside(path, root) or _ignored(path, specs, folder=False)


def _why_not_folder(
    path: Path, beside: Collection[str], specs: "list[tuple[Path, GitIgnoreSpec]]", root: Path
) -> str:
    name = path.name
    if path.is_symlink():
        return _outside(path, root)
    if name.startswith("."):
        return "a hidden folder"
    built = name in _BUILT and bool(_BUILDS.intersection(beside))
    if name in _NEVER or built or os.path.isfile(path / "pyvenv.cfg"):  # noqa: PTH113  (never raises)
        return "a folder of programs or builds"
    return _ignored(path, specs, folder=True)


def _outside(path: Path, root: Path) -> str:
    if not path.is_symlink():
        return ""
    target = Path(os.path.realpath(path))  # a link to itself is no error
    if not target.exists():
        return "a link that leads nowhere"
    if target.is_relative_to(root.resolve()):
        return "a link to what is in the folder anyway"
    return "a link that leads out of the folder"


def _ignored(path: Path, specs: "list[tuple[Path, GitIgnoreSpec]]", *, folder: bool) -> str:
    end = "/" if folder else ""
    for at, spec in reversed(specs):
        verdict = spec.check_file(f"{path.relative_to(at).as_posix()}{end}").include
        if verdict is not None:
            return "what .gitignore leaves out" if verdict else ""
    return ""


def _spec(path: Path) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(path.read_text(errors="replace").splitlines())
    except OSError as error:
        raise unreadable(path, error, source=str(path)) from error


def _why_not(file: Path, known: Collection[str]) -> str:
    suffix = file.suffix.lower()
    if file.name.startswith(_TEMPORARY):
        return "a temporary file of an office program"
    if file.name.startswith(".") or file.name.lower() in _SYSTEM:
        return "a hidden file"
    if suffix not in known:
        if suffix in _OLDER:
            return f"a {suffix} file: {_OLDER[suffix]}"
        return f"a {suffix} file, which is not read" if suffix else "a file without a suffix"
    return "an empty file" if _is_empty(file) else ""


def _is_empty(file: Path) -> bool:
    try:
        status = file.stat()
    except OSError:
        return False  # reading it says why
    return stat.S_ISREG(status.st_mode) and not status.st_size
