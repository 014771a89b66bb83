"""Whether the language of a question is recognised, above all of a short one.

The baseline is py3langid alone, over the same languages: ``language_of_text``.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import report

from assistant.language import LANGUAGES, language_of_question, language_of_text

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
    for row in read(report.DATA / "xquad_ende/questions.jsonl"):
        yield Text(row["question"], row["lang"], "XQuAD and FAQ")
    for row in read(report.DATA / "faq_ende/cwa_faq.jsonl"):
        yield Text(row["question"], row["lang"], "XQuAD and FAQ")
    for row in read(report.DATA / "support_intents/clinc150_val.jsonl"):
        yield Text(row["text"], "en", "CLINC150")
    for row in read(OWN):
        yield Text(row["text"], row["language"], SETS[row["set"]])


def read(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


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


def rows() -> Iterator[list[object]]:
    """Yield a line for each source, language and length, and at the end all texts together."""
    groups: dict[tuple[str, str, str], list[Text]] = defaultdict(list)
    for text in dict.fromkeys(texts()):
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


HEAD = (
    *("source", "language", "length", "n", "right", "right, py3langid"),
    *("undecided", "refused", "refused, py3langid"),
)
TEXT = """
*Right* is the share of texts whose language was named. *Undecided* texts say too little; the
assistant then takes the language of the turn before, or of the page, which is usually right but
is counted as not right here. *Refused* is the costly error: an English or German question taken
for a third language. *other* is French, Spanish, Italian, Dutch, Polish, Turkish, Portuguese,
and a few more; there *right* means that it was not taken for English or German.

What it shows: from three words on, English and German are nearly always named, and calling them a
third language hardly happens (the last rows); py3langid alone refuses many short ones. The price
is paid on purpose in the other direction: texts of one or two words in a third language are mostly
undecided, and then treated as the language of the page, or even taken for English.

What it does not show: the texts written here are by one author, and the function-word lists
were made while looking at all of them but the *unseen* ones. XQuAD, the FAQ and CLINC150 have few
questions of one or two words. Real users misspell more than these texts do.
"""


def main() -> None:
    if not report.DATA.is_dir():
        print(f"Skipped language: there is no folder {report.DATA}.")
        return
    lines = list(rows())
    report.publish("language", "Language of a question", report.table(HEAD, lines) + "\n" + TEXT)


if __name__ == "__main__":
    main()
