"""Whether the language of a question is recognised, above all of a short one.

The baseline is py3langid alone, over the same languages: ``language_of_text``.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.language import LANGUAGES, language_of_question, language_of_text
from benchmarks import data
from benchmarks.results import Table, table

OWN = Path(__file__).parent / "language_texts.jsonl"
SETS = {"support": "written here", "mixed": "written here, mixed", "fresh": "written here, unseen"}
LENGTHS = ((2, "1–2 words"), (5, "3–5 words"), (10**6, "6 or more"))
UNDECIDED = "undecided"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Text:
    """A question and its language: en, de or other."""

    text: str
    language: Literal["en", "de", "other"]
    source: str

    @property
    def length(self) -> str:
        """The group of lengths it belongs to."""
        count = len(re.findall(r"[\w'’-]+", self.text))
        return next(name for most, name in LENGTHS if count <= most)


def texts() -> Iterator[Text]:
    """Yield each question of the public sets and of our own file."""
    for row in data.lines("xquad_ende/questions.jsonl"):
        yield Text(row["question"], row["lang"], "XQuAD and FAQ")
    for row in data.lines("faq_ende/cwa_faq.jsonl"):
        yield Text(row["question"], row["lang"], "XQuAD and FAQ")
    for row in data.lines("support_intents/clinc150_val.jsonl"):
        yield Text(row["text"], "en", "CLINC150")
    for row in data.lines(OWN):
        yield Text(row["text"], row["language"], SETS[row["set"]])


def ours(text: str) -> str:
    """Return what the product says."""
    return language_of_question(text, fallback=UNDECIDED) or OTHER


def plain(text: str) -> str:
    """Return what py3langid says."""
    code = language_of_text(text)
    return code if code in LANGUAGES else OTHER


def outcome(said: str, text: Text) -> str:
    """Return right, wrong, undecided, or refused: taken for a third language."""
    if said == text.language:
        return "right"
    return "refused" if said == OTHER else said if said == UNDECIDED else "wrong"


def rows(step: int = 1) -> Iterator[list[object]]:
    """Yield a line for each source, language and length, and at the end all texts together."""
    groups: dict[tuple[str, str, str], list[Text]] = defaultdict(list)
    for text in list(dict.fromkeys(texts()))[::step]:
        groups[text.source, text.language, text.length].append(text)
    lengths = [name for _, name in LENGTHS]
    order = sorted(groups, key=lambda group: (*group[:2], lengths.index(group[2])))
    for group in order:
        yield [*group, *_line(groups[group])]
    for language in (*LANGUAGES, OTHER):
        held = [t for group in order if group[1] == language for t in groups[group]]
        yield ["all", language, "any", *_line(held)]


def _line(held: list[Text]) -> list[object]:
    said = Counter(outcome(ours(text.text), text) for text in held)
    base = Counter(outcome(plain(text.text), text) for text in held)
    total = len(held)
    shares = [said["right"], base["right"], said["undecided"], said["refused"], base["refused"]]
    return [total, *(share / total for share in shares)]


NAMED = (
    *("source", "language", "length", "n", "right", "right, py3langid"),
    *("undecided", "refused", "refused, py3langid"),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Name the language of every text; seconds."""
    return [table("named", NAMED, list(rows(50 if quick else 1)))]
