"""From texts of models and documents to what Streamlit may show. Pure functions."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from ui.addresses import NOWHERE, Hosts, displayed
from ui.api.types import ApiSourceView
from ui.markdown import literal, plain, rewritten, title

__all__ = [
    "answer",
    "by_number",
    "literal",
    "safe",
    "seconds",
    "source_label",
    "source_link",
    "without_markers",
]

_MARKER: Final = re.compile(r"(?<!\w)\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")
_MARKERS: Final = re.compile(rf"\s*{_MARKER.pattern}")
_OPEN_MARKER: Final = re.compile(r"\s*\[[\d\s,]*$")


def written(text: str, hosts: Hosts = NOWHERE) -> str:
    """Return what a person has written for ``st.markdown``, with its lines as they are."""
    lines = "  \n".join(text.splitlines()).replace("  \n  \n", "\n\n")
    return safe(lines, hosts)


def safe(text: str, hosts: Hosts = NOWHERE) -> str:
    """Return markdown that means what it meant to its author: formatting, code, links to hosts."""
    return rewritten(text, hosts=hosts)


def answer(
    text: str,
    anchors: str,
    sources: Mapping[int, ApiSourceView] | None = None,
    hosts: Hosts = NOWHERE,
) -> str:
    """Return an answer whose markers lead to its sources.

    anchors: what the ids of this answer's sources begin with. sources: by number; a marker that
    names none of them stays text. Before they are known, while the answer streams, every marker
    is made a link, and one that has only begun is held back. hosts: where its links may lead.
    """

    def link(number: int) -> str:
        if sources is not None and number not in sources:
            return rf" \[{number}\]"
        named = f' "{title(sources[number].title)}"' if sources else ""
        return f" [{number}](#{anchors}-{number}{named})"

    def say(piece: str) -> str:
        ready: list[str] = []
        end = 0
        for marker in _MARKER.finditer(piece):
            ready.append(plain(piece[end : marker.start()].rstrip(), hosts))
            ready.extend(link(int(number)) for number in marker[1].split(","))
            end = marker.end()
        return "".join((*ready, plain(piece[end:], hosts)))

    return rewritten(_OPEN_MARKER.sub("", text) if sources is None else text, say, hosts)


def without_markers(text: str) -> str:
    """Return a sentence without its markers."""
    return _MARKERS.sub("", text)


def source_label(source: ApiSourceView) -> str:
    """Return the line that stands for a source: its number and title."""
    return f"**{source.number}**\u2002{literal(source.title)}"


def source_link(url: str | None, hosts: Hosts = NOWHERE) -> str:
    """Return markdown that shows where a source lies, a link to it if its host is of ``hosts``.

    Nothing if it is no web address.
    """
    shown = literal(displayed(url or ""))
    target = hosts.target(url or "")
    return f"[{shown}]({target})" if shown and target else shown


def seconds(value: float, decimal: str) -> str:
    """Return a duration with two digits or more. decimal: the language's decimal sign."""
    return f"{value:.{1 if value >= 1 else 2}f}\u202fs".replace(".", decimal)


def by_number(sources: Collection[ApiSourceView]) -> dict[int, ApiSourceView]:
    """Return the sources by the number that markers use."""
    return {source.number: source for source in sources}
