"""Workbooks for tests, made here."""

import io
import struct
import zipfile
from collections.abc import Callable
from html import escape
from typing import Any

import xlsxwriter

Fill = Callable[[Any], None]


def xlsx(fill: Fill) -> bytes:
    """Return a workbook. fill: writes into it, as XlsxWriter does."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    fill(book)
    book.close()
    return held.getvalue()


def sheets(**rows: list[list[Any]]) -> bytes:
    """Return a workbook of these sheets."""

    def fill(book: Any) -> None:
        for name, cells in rows.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(cells):
                sheet.write_row(number, 0, row)

    return xlsx(fill)


_ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="{name}">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def ods(rows: list[list[str]], name: str = "Tabelle1", more: str = "") -> bytes:
    """Return a sheet as LibreOffice saves it. more: rows as XML."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", _ODS.format(name=name, rows=cells + more))
    return held.getvalue()


def repeated(cell: str, rows: int, columns: int) -> str:
    """Return a row as ODS repeats it."""
    text = f' office:value-type="string"><text:p>{cell}</text:p>' if cell else ">"
    return (
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell '
        f'table:number-columns-repeated="{columns}"{text}</table:table-cell></table:table-row>'
    )


def locked() -> bytes:
    """Return what Excel writes for a workbook with a password, without the content."""
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        bytes(16),
        *(0x3E, 3, 0xFFFE, 9, 6),
        bytes(6),
        *(0, 1, 1, 0, 4096, end, 0, end, 0),
    ) + struct.pack("<109I", 0, *[free] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, end, *[free] * 126)

    def entry(name: str, kind: int, child: int, right: int) -> bytes:
        encoded = name.encode("utf-16-le") + b"\0\0"
        return struct.pack(
            "<64sHBBIII16sIQQIQ",
            encoded,
            *(len(encoded), kind, 1, free, right, child),
            bytes(16),
            *(0, 0, 0, end, 0),
        )

    folder = (
        entry("Root Entry", 5, 1, free)
        + entry("EncryptionInfo", 2, free, 2)
        + entry("EncryptedPackage", 2, free, free)
        + bytes(128)
    )
    return header + fat + folder
