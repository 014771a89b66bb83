"""Whether the training audit finds what was planted in real text, and judges real files rightly."""

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assistant import sample
from assistant.knowledge.documents import Entry, Kind
from assistant.segments import Segmenter
from assistant.settings import load
from assistant.tuning.examples import Example
from benchmarks import data
from benchmarks.results import Table, table
from evals.audit.checks.contradictions import contradictions
from evals.audit.checks.domain import drawn
from evals.audit.checks.duplicates import duplicates
from evals.audit.checks.grounds import grounds
from evals.audit.checks.leakage import leakage
from evals.audit.checks.personal import personal
from evals.audit.findings import Finding, Severity
from evals.audit.limits import FITTED
from evals.audit.material import root, shipped
from evals.audit.report import headline
from evals.audit.run import audit
from evals.audit.vectors import KeptVectors
from evals.cases.cases import Case
from guardrails.text.words import words
from guardrails.types import Text

SEEDS: Final = (1, 2, 3)
HOST: Final = 300
PLANTED: Final = 24
FILE: Final = 300
SHIPPED: Final = Path(sample.__file__).parent / "training"
NEGATED: Final = {
    "en": (re.compile(r"\b(is|are|can)\b(?! not)"), r"\1 not"),
    "de": (re.compile(r"\b(ist|sind|kann)\b(?! nicht)"), r"\1 nicht"),
}
ASKED: Final = {"en": "What is {}?", "de": "Was ist {}?"}


@dataclass(frozen=True, slots=True)
class Planting:
    """A file with planted lines, and what it is held against."""

    examples: list[Example]
    planted: frozenset[int]
    cases: tuple[Case, ...] = ()


def definitions() -> list[Example]:
    """Return the MDN glossary as training examples that answer from their own passage."""
    rows = data.lines("glossary_ende/mdn_glossary.jsonl")
    return [
        Example(
            row["id"], at, row["lang"], ASKED[row["lang"]].format(row["term"]), row["definition"],
            (Text(f"{row['definition']} {row['more'] or ''}", row["lang"], row["term"]),),
        )
        for at, row in enumerate(rows, start=1)
        if len(words(row["definition"])) > 8
    ]  # fmt: skip


def faq() -> list[Example]:
    """Return the help centre as training examples."""
    return [
        Example(
            row["id"], at, row["lang"], row["question"], row["answer"],
            (Text(row["answer"], row["lang"], row["question"]),),
        )
        for at, row in enumerate(data.lines("faq_ende/cwa_faq.jsonl"), start=1)
    ]  # fmt: skip


def copy(*, faithful: bool) -> list[Example]:
    """Return venue copy with its brief as the passage."""
    rows = [
        r for r in data.lines("marketing_copy/e2e_copy_vs_brief.jsonl") if r["faithful"] == faithful
    ]
    return [
        Example(
            row["id"], at, "en", f"Write a text about {row['brief']['name']}.", row["text"],
            (Text("; ".join(f"{k}: {v}" for k, v in row["brief"].items()), "en"),),
        )
        for at, row in enumerate(rows, start=1)
    ]  # fmt: skip


def students(verdict: str) -> list[Example]:
    """Return students' answers, with the teacher's reference as the passage."""
    asked = {row["qkey"]: row for row in data.lines("saf_ende/questions.jsonl")}
    rows = [row for row in data.lines("saf_ende/answers.jsonl") if row["verdict"] == verdict]
    return [
        Example(
            row["id"], at, row["lang"], asked[row["qkey"]]["question"], row["answer"],
            (Text(" ".join(asked[row["qkey"]]["reference_answers"]), row["lang"]),),
        )
        for at, row in enumerate(rows, start=1)
    ]  # fmt: skip


def references() -> list[Example]:
    """Return the teachers' own answers as if they were training data."""
    rows = list(data.lines("saf_ende/questions.jsonl"))
    return [
        Example(row["qkey"], at, row["lang"], row["question"], one, (Text(one, row["lang"]),))
        for at, (row, one) in enumerate(
            ((row, one) for row in rows for one in row["reference_answers"]), start=1
        )
    ]


def banking() -> list[Example]:
    """Return real bank questions with a made answer each, as one would generate them."""
    return [
        Example(
            f"b{at}", at, "en", row["text"],
            f"Thank you for reaching out about your {row['intent'].replace('_', ' ')} request. "
            "Our team is happy to help you with it. Please check the app for more information.",
        )
        for at, row in enumerate(data.lines("support_intents/banking77_train.jsonl"), start=1)
    ]  # fmt: skip


def numbered(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Draw examples and number them as the lines of a file."""
    kept = drawn(examples, count, seed)
    return [replace(example, line=at) for at, example in enumerate(kept, start=1)]


def planted_duplicates(rng: random.Random, host: list[Example], *, near: bool) -> Planting:
    again = []
    for at, one in enumerate(rng.sample(host, PLANTED), start=len(host) + 1):
        answer = one.answer
        if near:
            said = answer.split()
            del said[rng.randrange(len(said))]
            answer = " ".join(said).replace(",", "")
        again.append(replace(one, line=at, id=f"p{at}", answer=answer))
    return Planting([*host, *again], frozenset(e.line for e in again))


def planted_leaks(rng: random.Random, host: list[Example], rest: list[Example]) -> Planting:
    held = [e for e in rest if e.id not in {h.id for h in host}]
    cases = tuple(
        Case(
            id=e.id,
            question=e.question,
            reference=e.answer,
            segment="glossary",
            language="de" if e.language == "de" else "en",
        )
        for e in rng.sample(held, 120)
    )
    leaked = []
    for at, case in enumerate(rng.sample(cases, PLANTED), start=len(host) + 1):
        answer = case.reference if at % 2 else host[at % len(host)].answer
        question = case.question if not at % 2 else f"Please tell me: {case.question.lower()}"
        language = host[0].language
        leaked.append(Example(f"p{at}", at, language, question, f"{answer} [1]"))
    return Planting([*host, *leaked], frozenset(e.line for e in leaked), cases)


def planted_clashes(rng: random.Random, host: list[Example], kind: str) -> Planting:
    chosen = {e.line for e in rng.sample(host, PLANTED)}
    made, planted = [], set()
    for one in host:
        pattern, denied = NEGATED[one.language]
        other = rng.choice([e for e in host if e.language == one.language and e is not one])
        answer = {"denied": pattern.sub(denied, one.answer, count=1), "swapped": other.answer}[kind]
        if one.line in chosen and answer != one.answer:
            planted.add(one.line)
            made.append(replace(one, answer=answer))
        else:
            made.append(one)
    return Planting(made, frozenset(planted))


def planted_personal(rng: random.Random, host: list[Example], *, secret: bool) -> Planting:
    chosen = {e.line for e in rng.sample(host, PLANTED)}
    make = _secret if secret else _person
    made = [replace(e, answer=f"{e.answer} {make(rng)}") if e.line in chosen else e for e in host]
    return Planting(made, frozenset(chosen))


def _person(rng: random.Random) -> str:
    digits = [rng.randrange(10) for _ in range(14)]
    body = [4, *digits]
    total = sum(sum(divmod(2 * d, 10)) if at % 2 == 0 else d for at, d in enumerate(reversed(body)))
    card = "".join(map(str, [*body, -total % 10]))
    account = f"{rng.randrange(10**8):08d}{rng.randrange(10**10):010d}"
    check = 98 - int(f"{account}131400") % 97
    return rng.choice([
        f"Contact {rng.choice(['maria', 'jens', 'olu'])}.{rng.choice(['berg', 'ito'])}@inbox.de.",
        f"Tel. +49 30 {rng.randrange(2 * 10**5, 9 * 10**5)}{rng.randrange(10)}",
        f"Konto DE{check:02d} {' '.join(re.findall('.{1,4}', account))}",
        f"Card {' '.join(re.findall('.{4}', card))}",
    ])  # fmt: skip


def _secret(rng: random.Random) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    def drawn_from(alphabet: str, count: int) -> str:
        return "".join(rng.choice(alphabet) for _ in range(count))

    return rng.choice([
        f"AKIA{drawn_from(letters[26:52], 16)}",
        f"ghp_{drawn_from(letters, 36)}",
        f"sk-proj-{drawn_from(letters, 48)}",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        f"postgres://app:{drawn_from(letters, 12)}@db.internal.net/main",
    ])  # fmt: skip


Detect = Callable[[Planting], Finding]


def detectors(entries: list[Entry]) -> dict[str, tuple[Callable[..., Planting], Detect]]:
    """Return, by name of the defect, how it is planted and who should see it."""

    def found(findings: Iterator[Finding], name: str) -> Finding:
        return next(f for f in findings if f.name == name)

    def repeats(p: Planting) -> Finding:
        return found(duplicates(p.examples, FITTED), "duplicates")

    def clashes(p: Planting) -> Finding:
        return contradictions(p.examples, entries, FITTED)

    return {
        "exact duplicates": (lambda r, h, _: planted_duplicates(r, h, near=False), repeats),
        "near duplicates": (lambda r, h, _: planted_duplicates(r, h, near=True), repeats),
        "leaked eval cases": (
            planted_leaks,
            lambda p: found(leakage(p.examples, p.cases, [], FITTED), "leakage"),
        ),
        "glossary denied": (lambda r, h, _: planted_clashes(r, h, "denied"), clashes),
        "glossary swapped": (lambda r, h, _: planted_clashes(r, h, "swapped"), clashes),
        "unsupported (swapped)": (
            lambda r, h, _: planted_clashes(r, h, "swapped"),
            lambda p: grounds(p.examples, FITTED, lambda *_: None),
        ),
        "personal data": (
            lambda r, h, _: planted_personal(r, h, secret=False),
            lambda p: found(personal(p.examples, "", FITTED), "personal_data"),
        ),
        "secrets": (
            lambda r, h, _: planted_personal(r, h, secret=True),
            lambda p: found(personal(p.examples, "", FITTED), "secrets"),
        ),
    }


def planted_rows(seeds: Sequence[int]) -> Iterator[list[object]]:
    everything = definitions()
    entries = [
        Entry("mdn", Kind.GLOSSARY, e.passages[0].title, e.answer, e.language) for e in everything
    ]
    for name, (plant, detect) in detectors(entries).items():
        planted = seen = right = 0
        for seed in seeds:
            made = plant(random.Random(seed), numbered(everything, HOST, seed), everything)  # noqa: S311
            lines = {int(n) for n in str(detect(made).numbers.get("lines", "")).split()}
            planted += len(made.planted)
            seen += len(lines)
            right += len(lines & made.planted)
        yield [name, planted, right / planted, right / seen if seen else None]


def domain_rows(vectors: KeptVectors) -> Iterator[list[object]]:
    """Yield, for draws of 60 real questions, how many triage puts into each segment."""
    labelled = sample.examples()
    segmenter = Segmenter(labelled, vectors.queries([e.text for e in labelled], "labelled"))
    outside = [
        r for r in data.lines("support_intents/clinc150_val.jsonl") if r["domain"] == "travel"
    ]
    sets: dict[str, tuple[str, list[str]]] = {
        "bank questions": ("support", [e.question for e in banking()]),
        "help centre": ("support", [e.question for e in faq()]),
        "MDN terms": ("glossary", [e.question for e in definitions()]),
        "exam questions (teachers)": ("", [e.question for e in references()]),
        "orders for copy": ("", [e.question for e in copy(faithful=True)]),
        "travel small requests": ("", [row["text"] for row in outside]),
        "encyclopaedia questions": (
            "",
            [r["question"] for r in data.lines("xquad_ende/questions.jsonl")],
        ),
    }
    for name, (right, texts) in sets.items():
        asked = drawn(texts, 60, 1)
        found = [
            root(segmenter.segment(text, vector))
            for text, vector in zip(asked, vectors.queries(asked, name), strict=True)
        ]
        shares = [found.count(kind) / len(found) for kind in ("glossary", "support")]
        yield [name, right or "none", len(asked), *shares]


def verdict_rows(vectors: KeptVectors, folder: Path, *, quick: bool) -> Iterator[list[object]]:
    sets = {
        "help centre, EN + DE": faq(),
        "MDN glossary, EN + DE": definitions(),
        "students, correct": students("Correct"),
        "students, incorrect": students("Incorrect"),
        "venue copy, faithful": copy(faithful=True),
        "venue copy, unfaithful": copy(faithful=False),
        "bank questions, made answers": banking(),
    }
    material = shipped()
    files = {name: _written(folder / f"{at}.jsonl", examples)
             for at, (name, examples) in enumerate(sets.items())}  # fmt: skip
    files |= {f"shipped: {path.stem}": path for path in sorted(SHIPPED.glob("*.jsonl"))}
    for name, path in list(files.items())[: 1 if quick else None]:
        found = audit(path, material, vectors)
        told = (
            f"{f.title.lower()} ({f.count}/{f.of})" if f.of else f.title.lower()
            for f in found.findings
            if f.severity is Severity.BLOCKER
            or (f.fit and f.severity in {Severity.WARNING, Severity.UNMEASURED})
        )
        yield [name, len(found.file.examples), headline(found), "; ".join(told) or None]


def _written(path: Path, examples: Sequence[Example]) -> Path:
    rows = (
        {"id": e.id, "language": e.language, "question": e.question, "answer": e.answer}
        | {"passages": [{"title": p.title, "text": p.text} for p in e.passages]}
        for e in numbered(examples, FILE, 1)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


PLANTS: Final = ("planted", "lines", "recall", "precision")
DOMAINS: Final = ("questions", "right", "n", "glossary", "support")
VERDICTS: Final = ("file", "lines", "verdict", "why")


def measure(*, quick: bool = False) -> list[Table]:
    """Plant, and audit real files; half an hour, the first time more."""
    planted = list(planted_rows(SEEDS[: 1 if quick else None]))
    kept = load().cache_dir / "embeddings" / "audit.npz"
    vectors = KeptVectors(sample.embedder(), kept, lambda *_: None)
    domains = [] if quick else list(domain_rows(vectors))
    with tempfile.TemporaryDirectory() as folder:
        verdicts = list(verdict_rows(vectors, Path(folder), quick=quick))
    return [
        table("planted", PLANTS, planted),
        table("domains", DOMAINS, domains),
        table("verdicts", VERDICTS, verdicts),
    ]
