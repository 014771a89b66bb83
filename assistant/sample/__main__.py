"""Writes the vectors of the sample: ``make sample``, after a change of its texts."""

from assistant import sample
from assistant.knowledge.chunk import chunks, embedded, names
from assistant.local import shipped_vectors


def main() -> None:
    """Embed the sample texts that have no vector yet."""
    parts = [chunk for item in sample.knowledge() for chunk in chunks("", item)]
    passages = [text for chunk in parts for text in embedded(chunk)]
    queries = [example.text for example in sample.examples()]
    queries += [name for chunk in parts for name in names(chunk)]
    shipped_vectors.write(sample.VECTORS, sample.embedder(), queries, passages)


if __name__ == "__main__":
    main()
