"""Which files are read, and by whom: one line for each suffix."""

from collections.abc import Callable, Mapping
from typing import Final

from assistant.knowledge.readers import html, markdown, pdf, rst, text
from assistant.knowledge.readers.office import docx, epub, pptx
from assistant.knowledge.readers.options import Found, ReadingOptions
from assistant.knowledge.readers.tabular import delimited, json_export, spreadsheet, tbx

Reader = Callable[[bytes, str, ReadingOptions], Found]
READERS: Final[Mapping[str, Reader]] = {
    ".md": markdown.read,
    ".mdx": markdown.read,
    ".markdown": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
    ".txt": text.read,
    ".pdf": pdf.read,
    ".docx": docx.read,
    ".docm": docx.read,
    ".pptx": pptx.read,
    ".epub": epub.read,
    ".rst": rst.read,
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".tab": delimited.read,
    ".json": json_export.document,
    ".jsonl": json_export.lines,
    ".ndjson": json_export.lines,
    ".xlsx": spreadsheet.read,
    ".xlsm": spreadsheet.read,
    ".xls": spreadsheet.read,
    ".xlsb": spreadsheet.read,
    ".ods": spreadsheet.read,
    ".tbx": tbx.read,
}
