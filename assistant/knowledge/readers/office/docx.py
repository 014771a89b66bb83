"""Word (.docx, .docm): mammoth turns its styles into HTML, after what is not to be read is gone."""

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from assistant.knowledge.readers import html
from assistant.knowledge.readers.office import wordxml
from assistant.knowledge.readers.office.archive import Archive, properties
from assistant.knowledge.readers.office.wordstyles import HEADING
from assistant.knowledge.readers.options import Found, Note, ReadingOptions

_IGNORED: Final = re.compile(r"element was ignored: (\S+)|char (\S+) in font")
_HARMLESS: Final = re.compile(
    r"w:(?:lastRenderedPageBreak|proofErr|bookmark|perm|sectPr|softHyphen|noBreakHyphen|ptab"
    r"|softhyphen|cr|comment|annotationRef|instrText|fldChar|fldSimple|smartTag|customXml|movef"
    r"|move|ruby|tblGrid|footnoteRef|endnoteRef|separator|continuationSeparator|ins|del)\w*"
    r"|w1[0-9]\w*:\S+|v:\S+|o:\S+|mc:\S+|office-word:\S+|wp:\S+|a:\S+|\{.*"
)
_STYLES: Final = "\n".join(
    (
        *(f"p.{HEADING}{level} => h{level}:fresh" for level in range(1, 7)),
        *(
            f"p[style-name='List {name} {deep + 1}'] => {'ul|ol > li > ' * deep}{tag} > li:fresh"
            for name, tag in (("Bullet", "ul"), ("Number", "ol"))
            for deep in range(1, 5)
        ),
    )
)
_PARTS: Final = ("[Content_Types].xml", "_rels/.rels")


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read a Word file: text, headings, lists, tables and footnotes."""
    archive = Archive(data, source, ".docx")
    main = _main(archive)
    word = wordxml.WordDocument.of(archive, main)
    meta = properties(archive)
    if not meta.title and word.title:
        meta = replace(meta, title=word.title)
    yield from (Note.left_out(source, what, where) for what, where in word.left_out)
    page, ignored = _html(archive, main, word)
    if ignored:
        what = "parts that the reader of Word files does not know"
        yield Note.left_out(source, what, ", ".join(ignored[:5]))
    yield from html.pages(page, source, options, meta)


def _main(archive: Archive) -> str:
    """Return the name of the part that holds the text."""
    if "_rels/.rels" in archive:
        for relation in archive.xml("_rels/.rels"):
            if str(relation.get("Type", "")).endswith("/officeDocument"):
                name = str(relation.get("Target", "")).lstrip("/")
                if name in archive:
                    return name
    if "word/document.xml" in archive:
        return "word/document.xml"
    raise archive.broken("there is no document in it")


def _html(archive: Archive, main: str, word: wordxml.WordDocument) -> tuple[str, list[str]]:
    import mammoth
    from lxml import etree

    folder, _, name = main.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    parts = {main: etree.tostring(word.root, encoding="utf-8", xml_declaration=True)}
    keep = (*_PARTS, relations, f"{folder}/numbering.xml", f"{folder}/styles.xml")
    for part in keep:
        if part in archive:
            archive.xml(part)  # mammoth would expand entities
    packed = archive.rewritten(parts, keep)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = mammoth.convert_to_html(
                io.BytesIO(packed), style_map=_STYLES, convert_image=_picture
            )
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # mammoth meets damage with whatever it trips over
        raise archive.broken(str(error)) from error
    return f"<html><body>{result.value}</body></html>", list(dict.fromkeys(_ignored(result)))


def _picture(_: Any) -> list[Any]:
    return []


def _ignored(result: Any) -> Iterator[str]:
    for message in result.messages:
        match = _IGNORED.search(message.message)
        if match and not (match[1] and _HARMLESS.fullmatch(match[1])):
            yield match[1] or f"sign {match[2]}"
