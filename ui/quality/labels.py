"""How arms, segments and cells are called on the quality page. Pure functions; markdown."""

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from ui import figures
from ui.api.transfer import QUOTE, WHOLE, Cell
from ui.format import literal
from ui.texts.quality import QualityText

_ICONS: Final = {
    "better": ":material/trending_up:",
    "equal": ":material/check:",
    "worse": ":material/trending_down:",
    "unproven": ":material/hourglass_empty:",
}
_MANY: Final = 3
"""More segments than this are counted, not listed."""


def arm(name: str, text: QualityText) -> str:
    """Return what an arm is called, as text."""
    return text.quote if name == QUOTE else name


def parts(segment: str, text: QualityText) -> tuple[str, str]:
    """Return a segment's kind of question and its language, as people say them."""
    if segment == WHOLE:
        return text.whole, ""
    kind, _, language = segment.partition("/")
    return kind, text.languages.get(language, language)


def segment(name: str, text: QualityText) -> str:
    """Return a segment as a heading, as text."""
    return ", ".join(part for part in parts(name, text) if part)


def within(segments: Collection[str], number: int, text: QualityText) -> str:
    """Return segments for use within a sentence; many are only counted.

    number: of all segments that there are.
    """
    if len(segments) > _MANY:
        return text.many.format(count=len(segments), all=number)
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in sorted(segments):
        kind, language = parts(name, text)
        kinds[language].append(literal(kind))
    phrases = []
    for language, some in kinds.items():
        listed = figures.listed(some, text.conjunction)
        shown = text.in_language.format(kinds=listed, language=literal(language))
        phrases.append(shown if language else text.every)
    return figures.listed(phrases, text.conjunction)


def cell(shown: Cell, text: QualityText) -> str:
    """Return what stands in a cell; the first words are for screen readers alone."""
    named = literal(arm(shown.arm, text))
    of = text.in_cell.format(arm=named, segment=literal(segment(shown.segment, text)))
    stage = text.stages[shown.stage] if shown.stage else text.gathers
    if shown.held:
        stage = text.is_held
    if shown.below and shown.below.root[0]:
        back, count = shown.below.root
        stage = text.below_back.format(back=back, count=count)
    if shown.stage and shown.arm == QUOTE:
        stage = text.quote_stage
    pin = f" :material/push_pin: {text.pinned}" if shown.pin else ""
    status = f"{stage}\u2002·\u2002{pairs(shown.pairs, text)}" if shown.pairs else stage
    lines = (f"*{of}* {badge(shown, text)}", _numbers(shown, text), f"{status}{pin}")
    return "\n\n".join(line for line in lines if line)


def badge(shown: Cell, text: QualityText) -> str:
    """Return the verdict in bold, with its sign."""
    if shown.verdict == "unproven" and not shown.pairs:
        return f"{_ICONS['unproven']} **{text.no_pair}**"
    if shown.verdict == "unproven" and shown.arm == QUOTE:
        return f"{_ICONS['unproven']} **{text.quote_unproven}**"
    return f"{_ICONS[shown.verdict]} **{text.verdicts[shown.verdict]}**"


def pairs(number: int, text: QualityText) -> str:
    """Return a number of pairs, in words."""
    if number == 1:
        return text.pair
    return text.pairs.format(count=figures.count(number, text.language))


def _numbers(shown: Cell, text: QualityText) -> str:
    if shown.mean is None:
        return ""
    mean = figures.signed(shown.mean, text.language)
    ends = figures.interval(shown.lower, shown.upper, text.language)
    escaped = ends.replace("[", "\\[").replace("]", "\\]")
    return f"{mean}\u2002{escaped}"
