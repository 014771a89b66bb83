"""Workbooks of Excel and LibreOffice: every sheet that can be seen."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from assistant.errors import LoadError
from assistant.knowledge.readers import html
from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.options import Found, Note, ReadingOptions
from assistant.knowledge.readers.page import Meta
from assistant.knowledge.readers.tabular import delimited, headings, tables
from assistant.knowledge.readers.tabular.number_formats import BUILT_IN, formatted
from assistant.knowledge.readers.tabular.tables import Grid
from assistant.knowledge.readers.tabular.workbook import CELLS, WorkbookSheet, sheets

_UNPACKED: Final = 1 << 30
"""Bytes of a workbook without compression."""
_LOCKED: Final = "EncryptedPackage"
"""What stands in the place of a workbook with a password."""
_OLD: Final = b"\xd0\xcf\x11\xe0"


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read a workbook; under its suffix, some programs save HTML or plain text."""
    if not data.startswith((b"PK", _OLD)):
        yield from _disguised(data, source, options)
        return
    if _LOCKED.encode("utf-16-le") in data:
        raise _locked(source)
    looks = _looks(data, source) if data.startswith(b"PK") else {}
    grids: list[Grid] = []
    for sheet in _sheets(data, source):
        if sheet.hidden:
            yield Note.left_out(source, "a hidden sheet", sheet.name)
            continue
        look = looks.get(sheet.name, {})
        if hidden := sum(_WHOLE in place for place in look):
            yield Note.left_out(source, "hidden rows and columns", f"{sheet.name}: {hidden}")
        cells = _cells(sheet, look)
        language = headings.language_of(sheet.name)
        grids.append(Grid(tuple(tables.rows(cells)), sheet=sheet.name, language=language))
    yield from tables.given(grids, source, options)


def _disguised(data: bytes, source: str, options: ReadingOptions) -> Found:
    text = text_of(data, source)
    start = text[:2000].casefold()
    if "urn:schemas-microsoft-com:office:spreadsheet" in start or not text.strip():
        raise _refused(source, "it is none that Routeback knows")
    if "<html" in start or "<table" in start:
        grids = list(_of_html(text))
        yield from (
            tables.given(grids, source, options)
            if grids
            else html.pages(text, source, options, Meta())
        )
    else:
        yield from delimited.read(data, source, options)


def _of_html(text: str) -> Iterator[Grid]:
    """Give the tables of a page that a portal exports under a workbook's suffix."""
    from bs4 import BeautifulSoup

    for table in BeautifulSoup(text, "lxml").find_all("table"):
        if not table.find("table"):
            rows = [
                [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])]
                for row in table.find_all("tr")
            ]
            yield Grid(tuple(tables.rows(enumerate(rows, start=1))))


def _refused(source: str, why: str) -> LoadError:
    return LoadError(
        f"{source} is not a readable workbook: {why}.",
        source=source,
        hint="Open it and save it again as .xlsx, or leave it out.",
    )


def _sheets(data: bytes, source: str) -> tuple[WorkbookSheet, ...]:
    result = sheets(data)
    if result == "locked":
        raise _locked(source)
    if result == "large":
        raise _refused(source, "it is damaged, or too large")
    if isinstance(result, str):
        raise _refused(source, "it is damaged, or of a kind that is not known")
    return result


def _locked(source: str) -> LoadError:
    return LoadError(
        f"{source} is protected by a password.",
        source=source,
        hint="Save it without protection, or leave it out.",
    )


def _cells(
    sheet: WorkbookSheet, looks: Mapping[tuple[int, int], str]
) -> Iterator[tuple[int, Sequence[Any]]]:
    """Give the rows by their number in the sheet; what is merged downwards stands in each row."""
    below = {
        (row, left): (top, left)
        for (top, left), (bottom, right) in sheet.merged
        if left == right
        for row in range(top + 1, min(bottom, len(sheet.rows) - 1) + 1)
    }
    first: dict[tuple[int, int], Any] = {}
    rows_of = {row for row, _ in below}
    tops = set(below.values())
    for row, values in enumerate(sheet.rows):
        if (row, _WHOLE) in looks:
            continue
        cells: list[Any] = [
            ""
            if (_WHOLE, column) in looks
            else looks_like
            if (row, column) in looks
            and isinstance(value, int | float)
            and not isinstance(value, bool)
            and (looks_like := formatted(value, looks[row, column]))
            else value
            for column, value in enumerate(values)
        ]
        if tops or rows_of:
            first.update({(row, c): v for c, v in enumerate(cells) if (row, c) in tops})
            if row in rows_of and any(str(cell).strip() for cell in cells):
                cells = [first.get(below.get((row, c), (-1, -1)), v) for c, v in enumerate(cells)]
        yield row + 1, cells


# What calamine does not tell: formats of numbers, and how large a sheet would be in memory


@dataclass(slots=True)
class _Extent:
    """From the first cell to the farthest."""

    rows: int = 0
    columns: int = 0

    def take(self, row: int, column: int, source: str) -> None:
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)
        if self.rows * self.columns > CELLS:
            raise LoadError(
                f"{source} has a sheet with a cell so far away from the others that it is too "
                f"large to be read (row {self.rows}, column {self.columns}).",
                source=source,
                hint="Delete what stands far right or far below, and save it again.",
            )


@dataclass(slots=True)
class _Package:
    """A workbook of XML in a ZIP archive."""

    archive: zipfile.ZipFile
    source: str
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = frozenset(self.archive.namelist())

    def elements(self, part: str, *tags: str) -> Iterator[Any]:
        """Give the elements of these local names, and forget each after it was used."""
        from lxml import etree

        if part not in self.names:
            return
        with self.archive.open(part) as stream:
            for _, element in etree.iterparse(
                stream,
                tag=[f"{{*}}{tag}" for tag in tags],
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=True,  # of 1 GB at the most, see above
            ):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]


def _looks(data: bytes, source: str) -> dict[str, dict[tuple[int, int], str]]:
    """Return the formats of numbers in each sheet, by the place of the cell; and refuse bombs."""
    from lxml import etree

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _UNPACKED:
                raise _refused(source, "it is larger than 1 GB without compression")
            package = _Package(archive, source)
            if "content.xml" in package.names:
                if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                    raise _locked(source)
                return {}
            return _looks_of_xlsx(package)
    except (zipfile.BadZipFile, etree.XMLSyntaxError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, etree.XMLSyntaxError):
            raise _refused(source, "its XML is malformed") from error
        raise _refused(source, "it is damaged, or cut off") from error
    except (NotImplementedError, EOFError, KeyError, zlib.error) as error:
        raise _refused(source, "it is damaged") from error


_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def _looks_of_xlsx(package: _Package) -> dict[str, dict[tuple[int, int], str]]:
    targets = {
        relation.get("Id"): str(PurePosixPath("xl", relation.get("Target", ""))).lstrip("/")
        for relation in package.elements("xl/_rels/workbook.xml.rels", "Relationship")
    }
    codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
    styles: list[str] = []
    for element in package.elements("xl/styles.xml", "numFmt", "cellXfs"):
        if element.tag.endswith("numFmt"):
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
        else:
            styles = [codes.get(style.get("numFmtId", ""), "") for style in element]
    looks: dict[str, dict[tuple[int, int], str]] = {}
    for sheet in package.elements("xl/workbook.xml", "sheet"):
        part = targets.get(sheet.get(_RELATION) or sheet.get(_STRICT), "")
        looks[sheet.get("name", "")] = _looks_of_sheet(package, part, styles)
    return looks


_PLACE: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")


def _looks_of_sheet(
    package: _Package, part: str, styles: Sequence[str]
) -> dict[tuple[int, int], str]:
    extent = _Extent()
    formats: dict[tuple[int, int], str] = {}
    for cell in package.elements(part, "c", "row", "col"):
        if not cell.tag.endswith("}c"):
            formats.update(dict.fromkeys(_hidden(cell), ""))
            continue
        match = _PLACE.fullmatch(cell.get("r", ""))
        if not match or not len(cell):
            continue
        row, column = int(match[2]), _number(match[1])
        extent.take(row, column, package.source)
        style = cell.get("s", "0")
        code = styles[int(style)] if style.isdigit() and int(style) < len(styles) else ""
        if code and cell.get("t", "n") == "n":
            formats[row - 1, column - 1] = code
    return formats


def _hidden(element: Any) -> Iterator[tuple[int, int]]:
    """Give the places of a row or of columns, if nobody sees them."""
    if element.get("hidden") not in {"1", "true"}:
        return
    if element.tag.endswith("}row"):
        if element.get("r", "").isdigit():
            yield int(element.get("r")) - 1, _WHOLE
        return
    first, last = element.get("min", ""), element.get("max", "")
    if first.isdigit() and last.isdigit():
        for column in range(int(first) - 1, min(int(last), _WIDEST)):
            yield _WHOLE, column


_WHOLE: Final = -1
"""In place of a column: all of the row. In place of a row: all of the column."""
_WIDEST: Final = 16_384


def _number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
