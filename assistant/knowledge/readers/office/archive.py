"""Files that are zip archives inside: Word, PowerPoint, EPUB."""

import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

from assistant.errors import LoadError
from assistant.knowledge.readers.options import iso_date, language_code
from assistant.knowledge.readers.page import Meta
from assistant.knowledge.readers.titles import real_title

if TYPE_CHECKING:
    from lxml.etree import _Element

_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How Office's old formats begin, and new ones that are encrypted."""
_MOST_PARTS: Final = 50_000
_LARGEST: Final = 64 * 2**20
"""Bytes of a part that is read as text."""
_WHOLE: Final = 2**30
"""Bytes of all parts together."""


class Archive:
    """Parts of an archive by name; what is too large, encrypted or damaged is refused."""

    def __init__(self, data: bytes, source: str, kind: str) -> None:
        self.source = source
        self.kind = kind
        if data.startswith(_OLE):
            protected = "EncryptedPackage".encode("utf-16-le") in data
            raise LoadError(
                f"{source} is protected by a password."
                if protected
                else f"{source} is in Office's old format, whatever its name says.",
                source=source,
                hint="Save it without protection, or leave it out."
                if protected
                else f"Open it and save it as {kind}.",
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            parts = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise self.broken(str(error)) from error
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _WHOLE:
            raise LoadError(
                f"{source} is too large when it is unpacked.",
                source=source,
                hint="Cut it into several files, or leave it out.",
            )
        if any(part.flag_bits & 1 for part in parts):
            raise LoadError(
                f"{source} is protected by a password.",
                source=source,
                hint="Save it without protection, or leave it out.",
            )
        self._parts = {part.filename: part for part in parts}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts."""
        return tuple(self._parts)

    def broken(self, why: str) -> LoadError:
        """Return the refusal of a damaged file."""
        reason = " ".join(why.split()) or "damaged"
        return LoadError(
            f"{self.source} is not a readable {self.kind} file ({reason}).",
            source=self.source,
            hint="Open it and save it again, or leave it out.",
        )

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def read(self, name: str) -> bytes:
        """Return a part's bytes.

        Raises:
            LoadError: it is missing, damaged, or larger than any text.
        """
        part = self._parts.get(name)
        if part is None:
            raise self.broken(f"it has no {name}")
        if part.file_size > _LARGEST:
            raise LoadError(
                f"{self.source} has a part of {part.file_size // 2**20} MB of text ({name}).",
                source=self.source,
                hint="Cut it into several files, or leave it out.",
            )
        try:
            return self._zip.read(part)
        except MemoryError:
            raise
        except Exception as error:  # zlib, zipfile and bz2 each have errors of their own
            raise self.broken(f"{name}: {error}") from error

    def xml(self, name: str) -> "_Element":
        """Return a part as XML, without entities of its own and without the network."""
        from lxml import etree

        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        )
        try:
            root = etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as error:
            raise self.broken(f"{name}: {error}") from error
        if any(True for _ in root.iter(etree.Entity)):
            raise self.broken(f"{name} has entities of its own")
        return root

    def rewritten(self, parts: dict[str, bytes], keep: tuple[str, ...]) -> bytes:
        """Return an archive of these parts, and of those to be kept as they are."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for name in keep:
                if name in self and name not in parts:
                    file.writestr(name, self.read(name))
            for name, content in parts.items():
                file.writestr(name, content)
        return out.getvalue()


_FIELDS: Final = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "language": "{http://purl.org/dc/elements/1.1/}language",
    "modified": "{http://purl.org/dc/terms/}modified",
    "created": "{http://purl.org/dc/terms/}created",
    "keywords": "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords",
}


def properties(archive: Archive) -> Meta:
    """Return what an Office file says of itself."""
    name = "docProps/core.xml"
    if name not in archive:
        return Meta()
    root = archive.xml(name)
    values: dict[str, Any] = {field: root.findtext(tag) or "" for field, tag in _FIELDS.items()}
    words = values["keywords"].replace(";", ",").split(",")
    return Meta(
        title=real_title(values["title"]),
        language=language_code(values["language"]),
        date=iso_date(values["modified"]) or iso_date(values["created"]),
        tags=tuple(word.strip() for word in words if word.strip()),
    )
