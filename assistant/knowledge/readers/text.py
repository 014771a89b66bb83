"""Plain text."""

from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.options import Found, ReadingOptions
from assistant.knowledge.readers.page import Meta, page


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read plain text."""
    yield from page(text_of(data, source), source, options, Meta())
