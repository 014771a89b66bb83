"""BM25 sparse vectors with the stemmer and stop words of a text's language.

The index multiplies by inverse document frequency; see Robertson and Zaragoza, *The
Probabilistic Relevance Framework: BM25 and Beyond* (2009).
"""

from typing import Final

import qdrant_edge as edge

from assistant.knowledge.index.index import Sparse

REVISION: Final = "bm25-snowball-1"
_AVERAGE_WORDS: Final = 80.0
_NAMES: Final = {"en": "english", "de": "german"}


class Bm25:
    """Encodes texts; words of a language without a stemmer are taken as English ones."""

    def __init__(self) -> None:
        self._encoders = {
            code: edge.Bm25(edge.Bm25Config(language=name, avg_len=_AVERAGE_WORDS))
            for code, name in _NAMES.items()
        }

    def document(self, text: str, language: str) -> Sparse:
        """Return the weights of a passage's words."""
        vector = self._encoders.get(language, self._encoders["en"]).embed_document(text)
        return dict(zip(vector.indices, vector.values, strict=True))

    def question(self, text: str) -> Sparse:
        """Return weight 1 for each word, stemmed in every language that passages may have."""
        encoded = (encoder.embed_query(text) for encoder in self._encoders.values())
        return {index: 1.0 for vector in encoded for index in vector.indices}
