"""One reader for each format: bytes of a file into documents, curated entries and notes.

A reader is a generator ``(data, source, options) -> Found``; it raises ``LoadError`` for a file
that cannot be read at all, and gives a ``Note`` for what it leaves out.
"""
