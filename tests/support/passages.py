"""Passages as a search finds them, for what is decided about them without an index."""

from assistant.knowledge.chunk import windows
from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.search import Passage
from assistant.knowledge.selection import Selected


def passage(title: str, text: str = "", **more) -> Passage:
    """A curated entry of a glossary, unless ``kind`` says otherwise.

    cosines: of its windows. Everything else is of the chunk or of the passage, by name.
    """
    text = text or f"{title} is a thing."
    found = {name: more.pop(name) for name in ("matched", "mentioned") if name in more}
    chunk = Chunk(
        root="docs",
        source=more.pop("source", "rows.csv"),
        title_path=tuple(title.split(" › ")),
        text=text,
        language=more.pop("language", "en"),
        kind=more.pop("kind", Kind.GLOSSARY),
        audience="public",
        names=(title,),
        date=more.pop("date", ""),
    )
    cosines = more.pop("cosines", None) or (0.8,) * len(windows(chunk))
    assert not more
    id_ = f"{title}/{chunk.source}/{chunk.language}/{text[:20]}"
    return Passage(id_, chunk, 0.8, 0.8, tuple(cosines), **found)


def selected(**likely: float) -> Selected:
    """Entries of these names with these probabilities, in this order."""
    return weighed(*((passage(name), p) for name, p in likely.items()))


def weighed(*pairs: tuple[Passage, float]) -> Selected:
    """Passages with their probabilities, in this order."""
    return Selected(tuple(found for found, _ in pairs), tuple(p for _, p in pairs))
