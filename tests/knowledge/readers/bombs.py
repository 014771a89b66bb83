"""Documents as attackers make them, made here: small files that ask for much."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from tests.knowledge.readers.workbooks import ods, repeated

_TYPES: Final = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-'
    'types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELATIONS: Final = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="r1" Target="{target}" Type="http://schemas.openxmlformats.'
    'org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_WORD: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LAUGHS: Final = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
)


def packed(parts: Mapping[str, bytes | str]) -> bytes:
    """Return a zip archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def word(body: str, declared: str = "") -> bytes:
    """Return a Word file. declared: what stands before its root."""
    return packed(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELATIONS.format(target="word/document.xml"),
            "word/document.xml": f'<?xml version="1.0"?>{declared}<w:document {_WORD}><w:body>'
            f"{body}</w:body></w:document>",
        }
    )


def paragraph(text: str) -> str:
    """Return a paragraph of a Word file."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def book(chapters: Mapping[str, str | bytes]) -> bytes:
    """Return an EPUB of these chapters."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return packed(
        {
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
            'container"><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
            "book.opf": '<package xmlns="http://www.idpf.org/2007/opf"><metadata/>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **chapters,
        }
    )


def lying(data: bytes, name: str, size: int) -> bytes:
    """Return an archive that says of one part that it is ``size`` bytes long."""
    told = bytearray(data)
    entry = name.encode()
    for signature, at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        place = told.find(signature)
        while place >= 0:
            if told[place + name_at : place + name_at + len(entry)] == entry:
                struct.pack_into("<I", told, place + at, size)
            place = told.find(signature, place + 4)
    return bytes(told)


def overlapping(name: str, content: bytes, copies: int) -> bytes:
    """Return an archive whose directory names one part again and again, as others."""
    whole = packed({name: content})
    start = whole.find(b"PK\x01\x02")
    end = whole.find(b"PK\x05\x06")
    entry = bytearray(whole[start:end])
    names = [f"{number:0{len(name)}d}"[: len(name)] for number in range(copies)]
    directory = bytearray()
    for other in [name, *names]:
        entry[46 : 46 + len(name)] = other.encode()
        directory += entry
    count = copies + 1
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(directory), start, 0)
    return whole[:start] + bytes(directory) + tail


def pdf(objects: Mapping[int, bytes], root: int = 1) -> bytes:
    """Return a PDF of these objects."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = {}
    for number, content in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n" % number + content + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, place in places.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    size = max(objects) + 1
    out.write(b"trailer << /Size %d /Root %d 0 R >>\n" % (size, root))
    out.write(b"startxref\n%d\n%%%%EOF" % start)
    return out.getvalue()


def stream(content: bytes, filters: int = 1) -> bytes:
    """Return a stream object. filters: times that it is deflated."""
    for _ in range(filters):
        content = zlib.compress(content, 9)
    names = b"/FlateDecode " * filters
    return (
        b"<< /Length %d /Filter [%s] >> stream\n" % (len(content), names) + content + b"\nendstream"
    )


def printed(content: bytes, pages: int = 1) -> bytes:
    """Return a PDF each of whose pages shows one stream. content: the stream object."""
    kids = b" ".join(b"%d 0 R" % (10 + number) for number in range(pages))
    leaf = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F 3 0 R >> >> >>"
    )
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
            3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            4: content,
            **{10 + number: leaf for number in range(pages)},
        }
    )


def objects_in(content: bytes, count: int) -> bytes:
    """Return a PDF whose objects lie in a stream of objects. count: that it says it holds."""
    packed_ = zlib.compress(content, 9)
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
            5: b"<< /Type /ObjStm /N %d /First 10 /Length %d /Filter /FlateDecode >> stream\n"
            % (count, len(packed_))
            + packed_
            + b"\nendstream",
        }
    )


def nested(opening: str, inner: str, closing: str, depth: int) -> str:
    """Return what stands in itself."""
    return opening * depth + inner + closing * depth


def aliases(depth: int, width: int = 9) -> str:
    """Return front matter whose lists name each other: ``width`` ** ``depth`` words."""
    lines = ["a0: &a0 [" + ", ".join(["x"] * width) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * width) + "]" for n in range(1, depth)]
    return "---\n" + "\n".join(lines) + "\n---\nText.\n"


def _doctype(root: str, inner: str = _LAUGHS) -> str:
    return f"<!DOCTYPE {root} [{inner}]>"


def outside(root: str, target: str) -> str:
    """Return a declaration of an entity that is another file."""
    return _doctype(root, f'<!ENTITY e SYSTEM "{target}">')


MEGABYTE: Final = 1 << 20

Make = Callable[[], bytes | str]

BOMBS: Final[Mapping[str, Make]] = {
    # YAML
    "alias-316.md": lambda: aliases(6),
    "alias-in-tags.md": lambda: "---\ntags: &t [a, b]\nkeywords: *t\n---\nText.\n",
    "merge-keys.md": lambda: "---\na: &a {x: 1}\nb:\n  <<: [*a, *a, *a]\n---\nText.\n",
    "yaml-lists.md": lambda: f"---\na: {nested('[', '1', ']', 100_000)}\n---\nText.\n",
    "yaml-number.md": lambda: f"---\na: {'9' * 200_000}\n---\nText.\n",
    "yaml-base60.md": lambda: f"---\na: {':'.join(['59'] * 20_000)}\n---\nText.\n",
    "yaml-python.md": lambda: "---\na: !!python/object/apply:os.getcwd []\n---\nText.\n",
    "toml-deep.md": lambda: f"+++\na = {nested('[', '1', ']', 100_000)}\n+++\nText.\n",
    "toml-keys.md": lambda: f"+++\n{'.'.join(['a'] * 50_000)} = 1\n+++\nText.\n",
    # zip
    "deep.docx": lambda: word(
        nested("<w:sdt><w:sdtContent>", paragraph("a"), "</w:sdtContent></w:sdt>", 50_000)
    ),
    "lying.docx": lambda: lying(word(paragraph("a" * 60 * MEGABYTE)), "word/document.xml", 100),
    "overlapping.docx": lambda: overlapping("word/document.xml", bytes(60 * MEGABYTE), 16),
    "many-parts.epub": lambda: packed({f"p{n}": "" for n in range(60_000)}),
    "zip-in-zip.docx": lambda: packed(
        {"word/document.xml": packed({"a": packed({"b": bytes(100 * MEGABYTE)})})}
    ),
    "repeated.ods": lambda: ods([["Frage", "Antwort"]], more=repeated("x", 1_048_000, 16_384)),
    "many-cells.ods": lambda: ods([["Frage", "Antwort"]], more=repeated("x" * 1000, 19_000, 1_000)),
    # XML
    "laughs.docx": lambda: word(paragraph("&l9;"), _doctype("w:document")),
    "laughs.tbx": lambda: f'<?xml version="1.0"?>{_doctype("martif")}<martif>&l9;</martif>',
    "laughs.epub": lambda: book(
        {"a.xhtml": f'<?xml version="1.0"?>{_doctype("html")}<html><body>&l9;</body></html>'}
    ),
    "laughs.ods": lambda: packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": f'<?xml version="1.0"?>{_doctype("a")}<a>&l9;</a>',
        }
    ),
    "deep.tbx": lambda: '<?xml version="1.0"?>' + nested("<a>", "x", "</a>", 1_000_000),
    # PDF
    "flate-twice.pdf": lambda: printed(stream(bytes(900 * MEGABYTE), 2)),
    "pages.pdf": lambda: printed(
        stream(b"BT /F 9 Tf 72 700 Td " + b"(Ein Satz auf einer Seite.) Tj 0 -9 Td " * 60 + b"ET"),
        20_000,
    ),
    "page-itself.pdf": lambda: pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9999999 >>",
        }
    ),
    "objects.pdf": lambda: objects_in(b"6 0 " * 50_000_000, 100_000_000),
    "arrays.pdf": lambda: pdf(
        {1: b"<< /Type /Catalog /Pages 2 0 R /X %s >>" % (b"[" * 200_000), 2: b"<< >>"}
    ),
    # HTML
    "deep.html": lambda: nested("<div>", "Text.", "</div>", 200_000),
    "spans.html": lambda: (
        "<table><tr>" + '<td rowspan="65534" colspan="1000">x</td>' * 500 + "</tr></table>"
    ),
    "cdata.html": lambda: "<![CDATA[" * 300_000,
    "selectors.html": lambda: (
        "<style>" + ":not(" * 2_000 + "a" + ")" * 2_000 + "{display:none}</style><p>Text.</p>"
    ),
    # JSON and tables
    "deep.json": lambda: nested("[", "1", "]", 1_000_000),
    "deep-objects.json": lambda: nested('{"a":', "1", "}", 100_000),
    "number.json": lambda: '{"question": "a", "answer": ' + "9" * 1_000_000 + "}",
    "wide.csv": lambda: ",".join(["a"] * 2_000_000) + "\n" + ",".join(["b"] * 2_000_000),
    "unclosed.csv": lambda: 'question,answer\na,"' + "b\n" * 3_000_000,
    # Markdown and reStructuredText
    "brackets.md": lambda: "[" * 100_000,
    "links.md": lambda: "[a](" * 50_000,
    "images.md": lambda: "![" * 50_000,
    "stars.md": lambda: "*a **a " * 50_000,
    "quotes.md": lambda: "> " * 50_000 + "Text.",
    "lists.md": lambda: "\n".join("  " * n + "- a" for n in range(2_000)),
    "references.md": lambda: "".join(f"[a{n}]: /x\n" for n in range(50_000)) + "[a][a1] " * 50_000,
    "comments.md": lambda: "<!--" * 100_000,
    "tags.md": lambda: "<a " * 100_000,
    "components.md": lambda: "<Tabs>" * 20_000 + "Text." + "</Tabs>" * 20_000,
    "shortcodes.md": lambda: "{{< a " * 50_000,
    "directives.md": lambda: ":::note\n" * 20_000,
    "fences.md": lambda: "```a\n" * 50_001,
    "table.md": lambda: "| a " * 5_000 + "|\n" + "|---" * 5_000 + "|\n" + "| b \n" * 5_000,
    "spaces.md": lambda: (" " * 100_000 + "a\n") * 20,
    "entities.md": lambda: "&" * 1_000_000,
    "one-line.txt": lambda: "a" * 20 * MEGABYTE,
    "letters.txt": lambda: "ab " * 10 * MEGABYTE,
    "stops.txt": lambda: ". " * 2 * MEGABYTE,
    "quotes.txt": lambda: "\"a' " * MEGABYTE,
    "roles.rst": lambda: ":a:`" * 50_000,
    "quotes.rst": lambda: "\n".join("  " * n + "a\n" for n in range(2_000)),
    "substitutions.rst": lambda: (
        "".join(
            f".. |s{n}| replace:: {f'|s{n - 1}| ' * 10}\n" if n else ".. |s0| replace:: ha\n"
            for n in range(9)
        )
        + "\n|s8|\n"
    ),
}
