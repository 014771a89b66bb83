"""EPUB: one document per chapter, in the order of the book."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from assistant.errors import LoadError
from assistant.knowledge.documents import Document
from assistant.knowledge.readers import html
from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.office.archive import Archive
from assistant.knowledge.readers.options import Found, Note, ReadingOptions, iso_date, language_code
from assistant.knowledge.readers.page import Meta
from assistant.knowledge.readers.titles import real_title

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
_FONTS: Final = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that only disguise fonts."""
_PAGES: Final = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read the chapters of a book, each under its title; without the table of contents."""
    archive = Archive(data, source, "EPUB")
    _check_rights(archive)
    package = _package(archive)
    book = _Book.of(archive, package)
    if book.skipped:
        yield Note.left_out(
            source, "tables of contents and pages beside the text", str(book.skipped)
        )
    bare = 0
    for name in book.chapters:
        text = _body(text_of(archive.read(name), source))
        meta = replace(book.meta, title="")
        items = list(html.pages(text, source, options, meta))
        named = [item for item in items if not isinstance(item, Document)]
        bare += len(items) == len(named)
        yield from (item for item in named if not _says_bare(item))
        for item in items:
            if isinstance(item, Document):
                yield _titled(item, book.meta.title, book.titles.get(name, ""))
    if bare:
        yield Note.left_out(source, "chapters without text", str(bare))


def _body(text: str) -> str:
    """Return a chapter without its head, whose title most often says nothing."""
    _, _, rest = text.partition("<body")
    return f"<body{rest}" if rest else text.partition("?>")[2] or text


def _says_bare(one: object) -> bool:
    return isinstance(one, Note) and one.what == "a page without text"


def _titled(chapter: Document, book: str, title: str) -> Document:
    """Return a chapter under the title of its book."""
    own = title or chapter.title
    if own in {chapter.source, posixpath.splitext(posixpath.basename(chapter.source))[0]}:
        own = ""
    parts = dict.fromkeys(part for part in (book, own) if part)
    return replace(chapter, title=" › ".join(parts) or chapter.title)


def _check_rights(archive: Archive) -> None:
    if "META-INF/rights.xml" not in archive and _ENCRYPTION not in archive:
        return
    ciphers = (
        [
            str(element.get("Algorithm"))
            for element in archive.xml(_ENCRYPTION).iter("{*}EncryptionMethod")
        ]
        if _ENCRYPTION in archive
        else []
    )
    if any(cipher not in _FONTS for cipher in ciphers):
        raise LoadError(
            f"{archive.source} is a book with copy protection (DRM).",
            source=archive.source,
            hint="Ask its publisher for a version without it, or leave it out.",
        )


def _package(archive: Archive) -> str:
    if _CONTAINER not in archive:
        raise archive.broken(f"it has no {_CONTAINER}")
    for root in archive.xml(_CONTAINER).iter("{*}rootfile"):
        name = unquote(str(root.get("full-path") or ""))
        if name in archive:
            return name
    raise archive.broken("it does not say where its list of chapters is")


@dataclass(frozen=True, slots=True)
class _Book:
    """chapters: names of parts, in order. titles: by part, from the table of contents."""

    meta: Meta
    chapters: tuple[str, ...]
    titles: dict[str, str]
    skipped: int

    @classmethod
    def of(cls, archive: Archive, package: str) -> "_Book":
        root = archive.xml(package)
        folder = posixpath.dirname(package)
        items: dict[str, tuple[str, str, str]] = {}
        for item in root.iter("{*}item"):
            name = resolved(folder, str(item.get("href") or ""))
            kind, marks = str(item.get("media-type") or ""), str(item.get("properties") or "")
            items[str(item.get("id"))] = (name, kind, marks)
        chapters: list[str] = []
        skipped = 0
        for entry in root.iter("{*}itemref"):
            name, kind, marks = items.get(str(entry.get("idref")), ("", "", ""))
            if kind not in _PAGES or not name:
                continue
            if name not in archive:
                raise archive.broken(f"the chapter {name} is missing")
            if "nav" in marks.split() or (entry.get("linear") == "no" and _is_contents(name)):
                skipped += 1
            elif name not in chapters:
                chapters.append(name)
        if not chapters:
            raise archive.broken("it lists no chapters")
        return cls(_meta(root), tuple(chapters), _titles(archive, items), skipped)


def _is_contents(name: str) -> bool:
    return bool(re.search(r"(?i)\b(?:nav|toc|cover)\b", posixpath.basename(name)))


def resolved(folder: str, link: str) -> str:
    """Return the part that a link names, without what follows ``#``."""
    path = unquote(link.partition("#")[0])
    return posixpath.normpath(posixpath.join(folder, path)).lstrip("/") if path else ""


def _meta(root: "_Element") -> Meta:
    def first(name: str) -> str:
        element = root.find(f".//{{http://purl.org/dc/elements/1.1/}}{name}")
        return " ".join((element.text or "").split()) if element is not None else ""

    modified = next(
        (tag.text for tag in root.iter("{*}meta") if tag.get("property") == "dcterms:modified"), ""
    )
    subjects = root.iter("{http://purl.org/dc/elements/1.1/}subject")
    return Meta(
        title=real_title(first("title")),
        language=language_code(first("language")),
        date=iso_date(modified) or iso_date(first("date")),
        tags=tuple(text for tag in subjects if (text := " ".join((tag.text or "").split()))),
    )


def _titles(archive: Archive, items: dict[str, tuple[str, str, str]]) -> dict[str, str]:
    """Return what the table of contents calls each part; the first name it gives."""
    titles: dict[str, str] = {}
    for name, kind, marks in items.values():
        if name not in archive:
            continue
        if "nav" in marks.split():
            pairs = _navigation(archive, name)
        elif kind == "application/x-dtbncx+xml":
            pairs = _ncx(archive, name)
        else:
            continue
        for part, title in pairs:
            if title:
                titles.setdefault(part, title)
    return titles


def _navigation(archive: Archive, name: str) -> Iterator[tuple[str, str]]:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_body(text_of(archive.read(name), archive.source)), "lxml")
    for nav in soup.find_all("nav"):
        if str(nav.get("epub:type") or "toc") != "toc":
            continue
        for link in nav.find_all("a", href=True):
            part = resolved(posixpath.dirname(name), str(link["href"]))
            yield part, " ".join(link.get_text(" ").split())


def _ncx(archive: Archive, name: str) -> Iterator[tuple[str, str]]:
    for point in archive.xml(name).iter("{*}navPoint"):
        content = point.find("{*}content")
        label = point.findtext("{*}navLabel/{*}text") or ""
        if content is not None:
            part = resolved(posixpath.dirname(name), str(content.get("src") or ""))
            yield part, " ".join(label.split())
