"""How well selection knows which passage answers, and whether one does; ``--fit`` prints weights.

Questions that people would type at help desks, written for this over public FAQ collections
(``questions/fit.*.jsonl``), and the eval cases over the sample that are not asked elsewhere here.
All figures are cross-validated by product: the weights have seen no question and no passage of the
product that they are held against. The questions of ``answers.py`` are not among them.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import mannwhitneyu

from assistant import sample
from assistant.knowledge import selection
from assistant.knowledge.documents import Entry, Kind
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Library
from assistant.knowledge.load import Item
from assistant.knowledge.search import Passage, Search
from assistant.local.tokens import TokenStates
from assistant.progress import silent
from benchmarks import data
from benchmarks.remembered import RememberedE5
from benchmarks.results import Columns, Table, figures, number, table
from evals.cases.cases import SHIPPED, load

QUESTIONS: Final = Path(__file__).parent / "questions"
FOLDS: Final = 8
PENALTY: Final = 5.0
"""Ridge penalty on standardised weights, chosen among 1, 5 and 20 by cross-validation."""
ELSEWHERE: Final = 40
"""Questions about other products from which is learned, in each language, what is none of ours.

Without them every fifth such question got a glossary entry; with 100, answers become rarer.
"""
SMALL: Final = 6
"""Entries of a small knowledge."""
MOST_EXTRA: Final = 25
"""Questions of each collection that are also asked of little, and of another's, knowledge.

They are not learned from: with them the model is shy everywhere (right .49 instead of .63 at .5, by
product), and no better where the same share is left unanswered.
"""
HELPS: Final = frozenset(
    """
    whole window name tokens window_tokens reverse_tokens matched glossary_defines
    whole_lead window_lead name_lead tokens_lead window_tokens_lead reverse_tokens_lead words_lead
    """.split()
)
HURTS: Final = frozenset("no_quantity unseen".split())
"""What can only speak for a passage, or against it, whatever few questions may suggest."""
THRESHOLDS: Final = (0.3, 0.4, 0.5, 0.6, 0.7)

Floats = NDArray[np.float64]
Use = Literal["both", "learn", "count"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was found. features: (passages, features). right: which answer it.

    product: that the knowledge is about. use: see ``Collection``.
    """

    language: str
    foreign: bool
    answerable: bool
    features: Floats
    right: Floats
    product: str
    use: Use = "both"


@dataclass(frozen=True, slots=True)
class Collection:
    """Questions over one knowledge.

    language: they are asked in. foreign: the knowledge is in the other one. rows: question and what
    answers it. use: what is made of other collections is only learned from, or only counted.
    """

    name: str
    product: str
    language: str
    foreign: bool
    items: list[Item]
    rows: list[tuple[str, frozenset[str]]]
    use: Use = "both"


def collections() -> list[Collection]:
    """Return all that is asked."""
    whole = list(_asked())
    rng = np.random.default_rng(0)
    extra = [_elsewhere(whole, language, rng) for language in ("en", "de")]
    for place, one in enumerate(whole):
        chosen = rng.permutation(len(one.items))[:SMALL]
        few = [one.items[int(i)] for i in chosen]
        rows = [one.rows[int(i)] for i in rng.permutation(len(one.rows))[:MOST_EXTRA]]
        extra.append(replace(one, name=f"{one.name}, few", items=few, rows=rows, use="count"))
        other = whole[(place + len(whole) // 2) % len(whole)]
        away = [(question, frozenset[str]()) for question, _ in rows]
        foreign = (
            other.language != one.language if not other.foreign else other.language == one.language
        )
        name = f"{one.name} → {other.name}"
        elsewhere = replace(one, name=name, foreign=foreign, items=other.items, rows=away)
        extra.append(replace(elsewhere, use="count"))
    return whole + extra


def _elsewhere(whole: Sequence[Collection], language: str, rng: np.random.Generator) -> Collection:
    """Return questions about other products, asked of the sample: its own cases hardly stray."""
    asked = [
        question
        for one in whole
        if one.product != "sample" and one.language == language
        for question, _ in one.rows
    ]
    rows = [(asked[int(i)], frozenset[str]()) for i in rng.permutation(len(asked))[:ELSEWHERE]]
    items = list(sample.knowledge())
    return Collection("others → sample", "sample", language, False, items, rows, use="learn")


def _asked() -> Iterator[Collection]:
    for name, language, other in (
        ("qa_en/faq_en", "en", "de"),
        ("qa_de/faq_de", "de", "en"),
    ):
        rows = list(data.lines(f"training/{name}.jsonl"))
        for asked_in, file in ((language, f"fit.{language}"), (other, f"fit.{other}-{language}")):
            asked = list(data.lines(QUESTIONS / f"{file}.jsonl"))
            for product in sorted({row["product"] for row in asked}):
                items: list[Item] = [
                    Entry(
                        f"{product}.csv",
                        Kind.FAQ,
                        r["question"],
                        r["context"],
                        language,
                        key=r["id"],
                    )
                    for r in rows
                    if r["source"] == product and r["context"].strip()
                ]
                mine = [
                    (r["question"], frozenset(r["answers"]))
                    for r in asked
                    if r["product"] == product
                ]
                yield Collection(product, product, asked_in, asked_in != language, items, mine)
    cases = [
        c
        for path in sorted(SHIPPED.glob("*.jsonl"))
        if "everyday" not in path.name
        for c in load(path)
    ]
    for language in ("en", "de"):
        own = [
            (case.question, frozenset(case.sources if case.behaviour == "answer" else ()))
            for case in cases
            if case.language == language
            and case.behaviour in {"answer", "abstain"}
            and not case.history
        ]
        yield Collection("sample", "sample", language, False, list(sample.knowledge()), own)


def key(passage: Passage) -> str:
    """Return what a question's answers are called by."""
    return passage.chunk.key or passage.chunk.source


def found(*, few: bool) -> tuple[list[str], list[Asked]]:
    """Return the names of the features, and every question with what was found."""
    memory, states = RememberedE5(), TokenStates()
    names: list[str] = []
    asked: list[Asked] = []
    for one in collections():
        if few and one.product != "sample":
            continue
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            index = EdgeIndex(folder, memory.dimensions)
            stack.callback(index.close)
            Library(index, memory).add("all", one.items, silent)
            search = Search(index, memory)
            for question, answers in one.rows:
                passages = search.find(question, one.language, selection.CONSIDERED)
                features = selection.features(question, one.language, passages, states)
                names = list(features[0])
                asked.append(
                    Asked(
                        one.language,
                        one.foreign,
                        bool(answers),
                        np.array([[row[name] for name in names] for row in features]),
                        np.array([float(key(passage) in answers) for passage in passages]),
                        one.product,
                        one.use,
                    )
                )
        print(f"{one.name} {one.language}: {len(one.rows)}", flush=True)
    return names, asked


def fitted(names: Sequence[str], asked: Sequence[Asked]) -> tuple[Floats, float]:
    """Return weights and the strength of "none" of a conditional logit over raw features.

    The likelihood of a question is the probability of all its right passages together, or of none.
    """
    every = np.vstack([one.features for one in asked])
    mean, scale = every.mean(axis=0), every.std(axis=0)
    used = scale > 1e-9
    most = max(len(one.features) for one in asked)
    values = np.zeros((len(asked), most, int(used.sum())))
    absent, right = np.full((len(asked), most), -1e9), np.zeros((len(asked), most + 1))
    for row, one in enumerate(asked):
        count = len(one.features)
        values[row, :count] = ((one.features - mean) / np.where(used, scale, 1))[:, used]
        absent[row, :count] = 0
        right[row, 1 : count + 1] = one.right
        right[row, 0] = not one.right.any()

    def loss(weights: Floats) -> tuple[float, Floats]:
        slopes, none = weights[:-1], weights[-1]
        logits = np.hstack([np.zeros((len(asked), 1)), values @ slopes + absent - none])
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        good = (p * right).sum(axis=1, keepdims=True) + 1e-12
        slope = p - p * right / good
        gradient = np.einsum("ij,ijk->k", slope[:, 1:], values) + PENALTY * slopes
        total = -np.log(good).sum() + PENALTY * (slopes**2).sum() / 2
        return float(total), np.append(gradient, -slope[:, 1:].sum())

    bounds = [
        (0.0 if name in HELPS else None, 0.0 if name in HURTS else None)
        for name, there in zip(names, used, strict=True)
        if there
    ]
    start = np.zeros(values.shape[2] + 1)
    bounds.append((None, None))
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = np.zeros(len(mean))
    weights[used] = best[:-1] / scale[used]
    return weights, float(best[-1] + weights @ mean)


def probabilities(one: Asked, weights: Floats, none: float) -> Floats:
    """Return the probability of each passage."""
    logits = np.append(0.0, one.features @ weights - none)
    p = np.exp(logits - logits.max())
    return np.asarray(p[1:] / p.sum())


def crossed(names: Sequence[str], asked: Sequence[Asked]) -> list[Floats]:
    """Return the probabilities of each question by weights that have not seen its product."""
    products = np.random.default_rng(0).permutation(sorted({one.product for one in asked}))
    told: list[Floats] = [np.zeros(0)] * len(asked)
    for fold in range(FOLDS):
        left = set(products[fold::FOLDS].tolist())
        weights = fitted(names, [o for o in asked if o.product not in left and o.use != "count"])
        for row, one in enumerate(asked):
            if one.product in left:
                told[row] = probabilities(one, *weights)
    return told


def row(name: str, asked: Sequence[Asked], told: Sequence[Floats]) -> list[object]:
    """Return one line of the table."""
    top = [int(p.argmax()) for p in told]
    right = np.array([bool(one.right[t]) for one, t in zip(asked, top, strict=True)])
    likely = np.array([p.max() for p in told])
    yes = np.array([one.answerable for one in asked])
    auc = mannwhitneyu(likely[right], likely[~right]).statistic / (right.sum() * (~right).sum())
    cells: list[object] = [name, len(asked), float(right[yes].mean()), float(auc)]
    for threshold in THRESHOLDS:
        shown = likely >= threshold
        shares = [(right & shown)[yes].mean(), (~right)[shown].mean(), (~shown)[~yes].mean()]
        cells.append(shares)
    return cells


def calibration(told: Sequence[Floats], asked: Sequence[Asked]) -> list[list[object]]:
    """Return rows of (probability from, n, mean probability, share right) of the best passage."""
    likely = np.array([p.max() for p in told])
    right = np.array([bool(one.right[p.argmax()]) for one, p in zip(asked, told, strict=True)])
    edges = np.linspace(0, 1, 6)
    rows: list[list[object]] = []
    for low, high in pairwise(edges):
        inside = (likely >= low) & (likely < high)
        if inside.any():
            rows.append(
                [
                    f"{low:.1f} to {high:.1f}",
                    int(inside.sum()),
                    float(likely[inside].mean()),
                    float(right[inside].mean()),
                ]
            )
    return rows


CHOSEN: Columns = ("questions", "n", "first", "AUC", *(number(f"from {t}", 2) for t in THRESHOLDS))
CALIBRATION: Final = ("probability", "n", "mean", "right")


def measure(*, quick: bool = False, fit: bool = False) -> list[Table]:
    """Measure, or print the constants of the product; half an hour, the first time more."""
    names, asked = found(few=quick)
    if fit:
        weights, none = fitted(names, [one for one in asked if one.use != "count"])
        for name, weight in zip(names, weights, strict=True):
            if weight:
                print(f'    "{name}": {weight:.4f},')
        print(f"_NONE: Final = {none:.4f}")
        return []
    told = (
        [probabilities(o, *fitted(names, asked)) for o in asked] if quick else crossed(names, asked)
    )
    kept = [place for place, one in enumerate(asked) if one.use == "both"]
    away = [place for place, one in enumerate(asked) if one.use == "count" and not one.right.any()]
    elsewhere = [
        ("questions asked of too little or of another's knowledge", len(away), "", 0),
        ("left unanswered at .5", float(np.mean([told[p].max() < 0.5 for p in away])), "", 2),
    ]
    asked, told = [asked[place] for place in kept], [told[place] for place in kept]
    groups = [("all", [True] * len(asked))]
    groups += [
        (f"· {lang}", [o.language == lang and not o.foreign for o in asked])
        for lang in ("en", "de")
    ]
    groups += [("· across", [o.foreign for o in asked])]
    rows = [
        row(
            name,
            *zip(*[(o, p) for o, p, i in zip(asked, told, inside, strict=True) if i], strict=True),
        )
        for name, inside in groups
        if any(inside)
    ]
    return [
        table("chosen", CHOSEN, rows),
        table("calibration", CALIBRATION, calibration(told, asked)),
        figures("elsewhere", elsewhere),
    ]
