"""PDF: its text layer, page by page."""

import io
import logging

from assistant.errors import LoadError
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.reading import Found, Options


def read(data: bytes, source: str, options: Options) -> Found:
    """Read the text layer of a PDF."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # our one message says it
    pages: list[str] = []
    title = ""
    try:
        reader = PdfReader(io.BytesIO(data))
        locked = bool(reader.is_encrypted and not reader.decrypt(""))
        if not locked:
            pages = [page.extract_text().strip() for page in reader.pages]
            title = str((reader.metadata and reader.metadata.title) or "").strip()
    except DependencyError:
        locked = True
    except Exception as error:  # pypdf meets damage with whatever it trips over
        raise LoadError(
            f"{source} is not a readable PDF ({error}).",
            source=source,
            hint="Open it and save or print it to PDF again, or leave it out.",
        ) from error
    if locked:
        raise LoadError(
            f"{source} is protected by a password.",
            source=source,
            hint="Save it without protection, or leave it out.",
        )
    if not any(pages):
        raise LoadError(
            f"{source} is a PDF without text (a scan?).",
            source=source,
            hint="Run text recognition (OCR) on it first.",
        )
    yield from page("\n\n".join(pages), source, options, Meta(title=title))
