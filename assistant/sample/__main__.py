"""Writes the vectors of the sample: ``make sample``, after a change of its texts."""

from assistant import sample
from assistant.knowledge.chunk import chunks, windows
from assistant.local import known
from assistant.local.embeddings import E5


def main() -> None:
    """Embed every sample text; a few minutes."""
    held = [chunk for item in sample.knowledge() for chunk in chunks("", item)]
    passages = [text for chunk in held for text in (chunk.searchable, *windows(chunk))]
    queries = [example.text for example in sample.examples()]
    known.write(sample.VECTORS, E5(), queries, passages)


if __name__ == "__main__":
    main()
