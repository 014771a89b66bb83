"""How likely passages answer a question, by the search and the selection that the product uses."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from assistant.knowledge import selection
from assistant.knowledge.documents import Chunk
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.load import Item
from assistant.knowledge.search import Search
from assistant.local.embeddings import TextEmbedder
from assistant.local.tokens import TokenStates
from assistant.progress import silent
from assistant.turn import modes
from evals.attack.material import Weighed

ROOT = "attack"


class Weighing:
    """Documents in an index of their own, gone with it. Use as a context manager."""

    def __init__(
        self, knowledge: Sequence[Item], embedder: TextEmbedder, states: TokenStates
    ) -> None:
        self._states = states
        self._embedder = embedder
        self._knowledge = knowledge
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="routeback-attack-")))
        index = EdgeIndex(folder / "index", self._embedder.dimensions)
        self._stack.callback(index.close)
        Library(index, self._embedder).add(ROOT, self._knowledge, silent)
        self._search = Search(index, self._embedder)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def __call__(self, question: str, language: str, chunks: Sequence[Chunk]) -> Weighed:
        """Weigh chunks for a question; one that is not found answers with probability 0."""
        passages = self._search.find(question, language, selection.CONSIDERED)
        weighed = selection.select(question, language, passages, self._states)
        choice = {_of(p.chunk): p.answers or 0.0 for p in modes.choose(question, weighed).passages}
        likely = {_of(p.chunk): p.answers or 0.0 for p in weighed.passages} | choice
        places = [_of(chunk) for chunk in chunks]
        hit = any(place in choice for place in places)
        return Weighed(tuple(likely.get(place, 0.0) for place in places), hit)


def _of(chunk: Chunk) -> tuple[str, str, str, str]:
    return chunk.source, chunk.title, chunk.text, chunk.language
