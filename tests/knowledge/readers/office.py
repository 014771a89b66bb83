"""Office files and books as programs save them, made for tests."""

import io
import zipfile
from collections.abc import Callable, Mapping

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

NAMESPACES = (
    nsdecls("w")
    + ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    + ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)


def saved(made) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def word(write: Callable) -> bytes:
    """Return a Word file that ``write`` wrote into."""
    made = Document()
    write(made)
    return saved(made)


def raw(paragraph, xml: str) -> None:
    """Put XML into a paragraph."""
    tag, rest = xml.split(">", 1) if not xml.split(">", 1)[0].endswith("/") else (xml[:-2], None)
    opened = f"{tag} {NAMESPACES}"
    paragraph._p.append(parse_xml(f"{opened}>{rest}" if rest is not None else f"{opened}/>"))


def changed(data: bytes, change: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """Return an archive with some parts changed, or added."""
    old, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change[name](content) if name in change else content)
        for name in change.keys() - set(old.namelist()):
            new.writestr(name, change[name](b""))
    return out.getvalue()


CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
XHTML = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
    '"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>file</title></head><body>{}</body></html>'
)


def epub(chapters: Mapping[str, str], *, contents: str = "", cipher: str = "") -> bytes:
    """Return a book. chapters: name of the file -> its body. contents: body of the navigation."""
    items = "".join(
        f'<item id="c{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The house book</dc:title>'
        "<dc:language>en-GB</dc:language><dc:date>2025-02-03</dc:date></metadata><manifest>"
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        f'{items}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/epub+zip")
        made.writestr("META-INF/container.xml", CONTAINER)
        made.writestr("OEBPS/book.opf", package)
        made.writestr("OEBPS/nav.xhtml", XHTML.format(f'<nav epub:type="toc">{contents}</nav>'))
        for name, body in chapters.items():
            made.writestr(f"OEBPS/{name}", XHTML.format(body))
        if cipher:
            made.writestr(
                "META-INF/encryption.xml",
                '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
                'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
                f'<enc:EncryptionMethod Algorithm="{cipher}"/></enc:EncryptedData></encryption>',
            )
    return out.getvalue()
