"""How well the shipped checker tells right from wrong, on texts that it was not trained on.

``python -m training.checker.evaluate SHARED --count 60`` reads ``SHARED/training`` (products held
out), and of the sets beside it MDN, XQuAD, the Corona-Warn-App's FAQ and answers of people. Beside
it, on the same rows: token overlap, cosine of e5, and today's groundedness.
"""

import argparse
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from assistant.local.checker import NearCopies, plain
from assistant.local.embeddings import E5
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.models import Checker
from guardrails.statistics.agreement import auc
from guardrails.text.words import content
from guardrails.types import Text
from training.checker import edits, heldout, packs, rewordings
from training.checker.texts import HELD_OUT, Document, Parallel, read, rows, sentences

KINDS: Final = ("number", "negation", "phrase", "terms", "truncation", "salad")
UNSEEN: Final = {"opposite": heldout.opposite, "invention": heldout.invention}
ALL: Final = {**edits.HARMS, **UNSEEN}
_WINDOW: Final = 520
_PER_DOCUMENT: Final = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence and what it is held against. group: the table's; kind: how it was made."""

    group: str
    kind: str
    language: str
    passage: str
    passage_language: str
    question: str
    sentence: str
    supported: bool


def opened(given: Sequence[str], most: int = _WINDOW) -> list[str]:
    """Return the first sentences, up to so many characters."""
    taken: list[str] = []
    for sentence in given:
        if taken and sum(map(len, taken)) + len(sentence) > most:
            break
        taken.append(sentence)
    return taken


def glossary(folder: Path, language: str) -> Iterator[Document]:
    """Yield texts of MDN, the Corona-Warn-App and XQuAD."""
    for row in rows(folder / "glossary_ende" / "mdn_glossary.jsonl"):
        if row["lang"] == language:
            found = tuple(sentences(plain(row["definition"] + "\n" + (row.get("more") or ""))))
            yield Document("mdn", row["key"], language, row["term"], found)
    for row in rows(folder / "faq_ende" / "cwa_faq.jsonl"):
        if row["lang"] == language:
            said = re.sub(r"\(?https?://\S+\)?", "", row["answer"])
            yield Document("cwa", row["anchor"], language, row["question"], tuple(sentences(said)))
    for row in rows(folder / "xquad_ende" / "paragraphs.jsonl"):
        if row["lang"] == language:
            yield Document("xquad", row["pid"], language, "", tuple(sentences(row["text"])))


def near_copies(documents: Sequence[Document], count: int, random: Random) -> Iterator[Row]:
    """Yield reworded sentences (right) and altered ones, up to ``count`` of a kind."""
    left = dict.fromkeys((*KINDS, *UNSEEN, "altered", "altered right"), count)
    left["right"] = 2 * count
    for document in random.sample(documents, len(documents)):
        for row in of_document(document, left, random):
            if left[row.kind] > 0:
                left[row.kind] -= 1
                yield row


def of_document(document: Document, left: Mapping[str, int], random: Random) -> Iterator[Row]:
    """Yield some rows of one document, of kinds of which there are not enough."""
    own, language, title = opened(document.sentences), document.language, document.title
    if len(own) < 2:
        return
    passage = f"{title}. {' '.join(own)}" if title else " ".join(own)

    def row(kind: str, sentence: str, held: str) -> Row:
        return Row(kind, kind, language, held, language, "", sentence, kind.endswith("right"))

    said, name = rewordings.reworded(random.choice(own), language, title, random)
    if name not in ("copy", "dressed"):
        yield row("right", said, passage)
    missing = [kind for kind in (*KINDS, *UNSEEN) if left[kind] > 0]
    for kind in random.sample(missing, min(_PER_DOCUMENT, len(missing))):
        edit = ALL[kind](random.choice(packs.fit(own, kind)), language, passage, random)
        if edit and (edit.text not in passage or kind == "truncation"):
            yield row(kind, edit.text, passage)
    before, harm = random.choice(own), random.choice(edits.FACTS)
    edit = edits.HARMS[harm](before, language, passage, random)
    if edit and left["altered"] > 0 and before not in edit.text:
        changed = passage.replace(before, edit.text, 1)
        yield row("altered", before, changed)
        yield row("altered right", edit.text, changed)


def across(pages: Sequence[Parallel], count: int, random: Random) -> Iterator[Row]:
    """Yield sentences in the language that the passage is not in."""
    kinds = ("negation", "invention", "salad", "number", "phrase", "opposite")
    left = {(kind, language): count for kind in kinds for language in ("en", "de")}
    for language in ("en", "de"):
        left["right", language] = 2 * count
    for _ in range(60 * count):
        page = random.choice(pages)
        at = random.randrange(len(page.pairs))
        pairs = page.pairs[at : at + 4]
        language, other = random.choice((("en", "de"), ("de", "en")))
        side = 0 if language == "en" else 1
        passage = " ".join(pair[1 - side] for pair in pairs)
        foreign = " ".join(pair[side] for pair in pairs)
        sentence = random.choice(pairs)[side]
        open_ = [kind for kind in kinds if left[kind, language] > 0]
        if left["right", language] > 0:
            left["right", language] -= 1
            base = (language, passage, other, "", sentence, True)
            yield Row("across right", "right", *base)
        if open_:
            kind = random.choice(open_)
            edit = ALL[kind](sentence, language, foreign, random)
            if edit and edit.text not in foreign:
                left[kind, language] -= 1
                base = (language, passage, other, "", edit.text, False)
                yield Row(f"across {kind}", kind, *base)


def polar(documents: Sequence[Document], count: int, random: Random) -> Iterator[Row]:
    """Yield closed questions with a bare yes or no."""
    left = 2 * count
    for document in random.sample(documents, len(documents)):
        own, language = opened(document.sentences), document.language
        passage = " ".join(own)
        if left <= 0:
            return
        true = random.choice(own)
        kind = random.choice(("number", "phrase", "terms", "negation"))
        edit = edits.HARMS[kind](true, language, passage, random)
        collected = packs.Collected()
        if kind == "negation" and edit:
            passage = passage.replace(true, edit.text, 1)
            true, false = edit.text, true
        else:
            false = edit.text if edit else ""
        packs.polar(collected, true, false or None, language, random)
        for claim in collected.claims[:2]:
            question, _, answer = claim.text.partition("? ")
            left -= 1
            base = (language, passage, language, f"{question}?", answer, claim.supported)
            yield Row("closed", "closed", *base)


def untokenised(text: str) -> str:
    """Return a text of Natural Questions without the blanks before marks."""
    return re.sub(r" ([.,;:!?)%]|'s)", r"\1", text)


def answers(folder: Path, random: Random) -> Iterator[tuple[str, str, str]]:
    """Yield passages, questions and a sentence of an answer that a person wrote."""
    for row in rows(folder / "clapnq_dev" / "clapnq_dev.jsonl"):
        said = [one for answer in row["answers"] for one in sentences(untokenised(answer))]
        if row["answerable"] and said:
            yield untokenised(" ".join(row["sentences"])), row["question"], random.choice(said)
    texts = {row["id"]: row["text"] for row in rows(folder / "mtrag" / "passages.jsonl")}
    for row in rows(folder / "mtrag" / "mtrag_un.jsonl"):
        said = sentences(plain(row["reference_answer"]))
        if row["answerability"] == "ANSWERABLE" and said:
            passage = "\n".join(texts[one] for one in row["context_ids"] if one in texts)
            yield passage, row["messages"][-1]["content"], random.choice(said)


def edited(folder: Path, count: int, random: Random) -> Iterator[Row]:
    """Yield answers that people wrote, as they are and altered."""
    held = list(answers(folder, random))
    for passage, question, sentence in random.sample(held, min(len(held), count)):
        base = ("en", passage, "en", question)
        yield Row("people's right", "right", *base, sentence, True)
        for name, kinds in (("edited", edits.FACTS), ("edited, unseen", tuple(UNSEEN))):
            kind = random.choice(kinds)
            if edit := ALL[kind](sentence, "en", passage, random):
                yield Row(f"people's {name}", kind, *base, edit.text, False)


def experts(folder: Path, count: int, random: Random) -> Iterator[Row]:
    """Yield claims that people judged: ExpertQA, and the half of RTE3-DE that is not trained on."""
    expert = list(rows(folder / "expertqa_claims" / "expertqa_claims.jsonl"))
    for row in random.sample(expert, min(len(expert), count)):
        passage = "\n".join(context["text"] for context in row["contexts"])
        full = row["support"] == "Complete"
        base = ("en", passage, "en", row["question"], re.sub(r"\[\d+\]", "", row["claim"]))
        yield Row(f"ExpertQA {'right' if full else 'wrong'}", "experts", *base, full)
    given = rows(folder / "training" / "nli_de" / "rte3_de.jsonl")
    test = [row for row in given if row["split"] == "test"]
    for row in random.sample(test, min(len(test), count)):
        yes = row["label"] == "supported"
        base = ("de", row["premise"], "de", "", row["hypothesis"])
        yield Row(f"RTE3-DE {'right' if yes else 'wrong'}", "rte", *base, yes)


Measure = Callable[[Row], float]


def measures(checker: Checker, *, slow: bool) -> Mapping[str, Measure]:
    """Return what is compared, by name: each row to a number, higher for right."""
    words = Groundedness()

    def overlap(row: Row) -> float:
        said = content(row.sentence, row.language)
        return len(said & content(row.passage, row.passage_language)) / max(1, len(said))

    def groundedness(row: Row) -> float:
        held = [Text(row.passage, row.passage_language)]
        return words.claim(row.sentence, held, row.question, row.language).degree or 0.0

    def checked(row: Row) -> float:
        return checker.check(row.question, row.sentence, row.passage, row.language).supported

    found: dict[str, Measure] = {
        "overlap": overlap,
        "groundedness": groundedness,
        "checker": checked,
    }
    if slow:
        embedder = E5()

        def cosine(row: Row) -> float:
            parts = sentences(row.passage) or [row.passage]
            vectors = embedder.passages([row.sentence, *parts[:40]])
            return float((vectors[1:] @ vectors[0]).max())

        found["e5"] = cosine
    return found


def table(given: Sequence[Row], scores: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Yield the lines of a table of AUC: each wrong group against its right one, by language."""
    names = list(scores)
    yield f"| wrong | language | right, wrong | {' | '.join(names)} | right that pass at .5 |"
    yield f"|---|---|---|{'---|' * (len(names) + 1)}"
    places: defaultdict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for at, row in enumerate(given):
        places[row.group, row.language, row.supported].append(at)
    for (group, language, supported), wrong in sorted(places.items()):
        if supported:
            continue
        right = places[group, language, True] or places[partner(group), language, True]
        if not right:
            continue
        both = np.array([*right, *wrong])
        truth = np.array([True] * len(right) + [False] * len(wrong))
        values = [f"{auc(np.array(scores[name])[both], truth):.3f}" for name in names]
        passed = np.mean([scores["checker"][at] >= 0.5 for at in right])
        cells = [group, language, f"{len(right)}, {len(wrong)}", *values, f"{passed:.2f}"]
        yield f"| {' | '.join(cells)} |"


def partner(group: str) -> str:
    """Return the group of the right rows."""
    for lead in ("altered", "across", "people's", "ExpertQA", "RTE3-DE"):
        if group.startswith(lead):
            return f"{lead} right"
    return "right"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="near, across, closed or people")
    parser.add_argument("--slow", action="store_true", help="with the cosine of e5")
    asked = parser.parse_args()
    random = Random(asked.seed)
    held = read(asked.shared / "training", only=HELD_OUT, without=())
    given: list[Row] = []
    for language in ("en", "de"):
        documents = [*held.documents[language]][::2] + list(glossary(asked.shared, language))
        documents = [one for one in documents if one.sentences]
        if asked.only in ("", "near"):
            given += near_copies(documents, asked.count, random)
        if asked.only in ("", "closed"):
            given += polar(documents, asked.count, random)
    if asked.only in ("", "across"):
        given += across(held.parallel, asked.count, random)
    if asked.only in ("", "people"):
        given += edited(asked.shared, 2 * asked.count, random)
        given += experts(asked.shared, 2 * asked.count, random)
    scores: dict[str, list[float]] = {}
    for name, measure in measures(NearCopies(), slow=asked.slow).items():
        began = time.process_time()
        scores[name] = [measure(row) for row in given]
        print(f"{name}: {1000 * (time.process_time() - began) / len(given):.0f} CPU-ms a row")
    print("\n".join(table(given, scores)))


if __name__ == "__main__":
    main()
