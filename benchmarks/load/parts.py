"""What a question costs before anybody answers it: its vector, the search, the weighing.

``python -m benchmarks.load.parts COUNT`` measures them in a process of its own and prints JSON.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from assistant import environment


def cpu_ms(questions: Sequence[str]) -> dict[str, float]:
    """Return the CPU milliseconds of each step of a question, on the mean."""
    from assistant.app import open_knowledge
    from assistant.knowledge import selection
    from assistant.language import language_of_question
    from assistant.progress import Watcher
    from assistant.settings import load

    with tempfile.TemporaryDirectory() as name:
        settings = load().model_copy(update={"data_dir": Path(name)})
        with open_knowledge(settings, Watcher()) as knowledge:
            search, states = knowledge.search, knowledge.states
            asked = [(q, language_of_question(q, fallback="en") or "en") for q in questions]
            vectors, embedding = _timed(lambda q, _: search.embed(q), asked)
            given = [(*one, vector) for one, vector in zip(asked, vectors, strict=True)]
            found, finding = _timed(
                lambda q, language, vector: search.find(q, language, selection.CONSIDERED, vector),
                given,
            )
            weighed = [(*one, passages) for one, passages in zip(asked, found, strict=True)]

            def weigh(question: str, language: str, passages: Sequence[object]) -> object:
                return selection.select(question, language, passages, states)  # type: ignore[arg-type]

            _timed(weigh, weighed)  # reads the passages
            _, weighing = _timed(weigh, weighed)
    return {"vector": embedding, "search": finding, "weighing": weighing}


def _timed(
    step: Callable[..., object], given: Iterable[Sequence[object]]
) -> tuple[list[object], float]:
    before, made = time.process_time(), [step(*one) for one in given]
    return made, 1000 * (time.process_time() - before) / max(1, len(made))


def main() -> None:
    """Measure, and print."""
    environment.prepare()
    from benchmarks.load.clients import questions

    print(json.dumps(cpu_ms(questions()[: int(sys.argv[1])])))


if __name__ == "__main__":
    main()
