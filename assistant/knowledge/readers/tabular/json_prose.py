"""The texts of a JSON file whose objects are no records, as a page: what a site shows, by language.

Keys of a program mean nothing to a reader, so the texts alone are kept, in their order, under the
titles that stand beside them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from assistant.knowledge.readers.options import ReadingOptions
from assistant.knowledge.readers.tabular import headings as heads
from assistant.knowledge.readers.tabular.cells import plain, text_of_cell

_WORDS: Final = 3
"""Words from which a text tells something; the labels of buttons have fewer."""
_LONG: Final = 12
"""Words of a text that nobody writes for a program."""
_FEWEST: Final = 3
"""Such texts that make a file one for people."""
_DEEPEST: Final = 6
_TITLES: Final = frozenset({"title", "question", "name", "term", "problem"})
_BESIDE: Final = frozenset({"label", "labels", "alt", "placeholder", "arialabel", "meta"})


def page(value: Any) -> str:
    """Return the texts of a parsed file as Markdown; nothing if they are a program's."""
    texts = list(_texts(value, 1))
    long = [text for text in texts if len(text.split()) >= _LONG and not text.startswith("#")]
    return "\n\n".join(texts) if len(long) >= _FEWEST else ""


def languages(value: Any) -> Mapping[str, Any]:
    """Return the parts of a file by language, if that is how it is parted; else all, by none."""
    if isinstance(value, dict) and len(value) > 1 and all(map(heads.language_of, value)):
        return {heads.language_of(name): inner for name, inner in value.items()}
    return {"": value}


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        text = text_of_cell(value)
        if len(text.split()) >= _WORDS and not text.startswith(("http://", "https://", "/")):
            yield text
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth)
    elif isinstance(value, dict):
        title = next((name for name in value if _is_title(name, value[name])), None)
        below = [text for name in value if name != title for text in _under(name, value, depth)]
        if title is not None and below:
            yield f"{'#' * min(depth + 1, _DEEPEST)} {plain(value[title])}"
        yield from below


def _under(name: str, value: Mapping[str, Any], depth: int) -> Iterator[str]:
    if heads.squeezed(name) not in _BESIDE:
        yield from _texts(value[name], depth + 1)


def _is_title(name: str, text: Any) -> bool:
    role = heads.of([name], ReadingOptions()).columns[0].role
    return isinstance(text, str) and role in _TITLES and bool(text.strip())
