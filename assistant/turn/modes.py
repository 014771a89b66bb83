"""How an answer is made: the entry's own words, written by an arm, asked back, or none. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from assistant.knowledge.documents import Kind
from assistant.knowledge.names import title_key
from assistant.knowledge.rerank import alike
from assistant.knowledge.search import Passage
from assistant.knowledge.selection import Selected, versions
from assistant.language import language_of_question
from assistant.turn.question.offers import LAST
from assistant.turn.thresholds import CLOSEST, LONG, MOST_CHOICES, NEAR, QUOTE, RIVAL, TOGETHER
from guardrails.text.function_words import STOP_WORDS
from guardrails.text.words import words

Mode = Literal["quote", "write", "ask", "abstain"]

_FEW: Final = 3
"""Words of a question that may be a name alone."""

_COMPARES: Final = re.compile(
    r"\b(?:vs\.?|versus|differen\w+|differ|compare\w*|better|rather than|or|between"
    r"|unterschied\w*|unterscheide\w*|vergleich\w*|besser|oder|zwischen|anders)\b",
    re.IGNORECASE,
)

_CODE: Final = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[^\W\d_])\w+(?:-\w+)+(?![\w-])")
"""Letters and digits with a hyphen: an error, a form, a part."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How one question is answered.

    reason: for a person, with the numbers behind it. passages: what is quoted, or what an arm is
    given, best first. choices: what is offered to the reader. probability: that the passages
    answer, in [0, 1].
    """

    mode: Mode
    reason: str
    probability: float
    passages: tuple[Passage, ...] = ()
    choices: tuple[Passage, ...] = ()


def choose(question: str, selected: Selected) -> Choice:
    """Return how to answer, before it is known who may write."""
    ranked = _ranked(selected)
    if not ranked:
        return Choice("abstain", "nothing was found", 0.0)
    best = ranked[0][0]
    likely = _of_all_versions(best, ranked)
    answered = best.chunk.kind is Kind.FAQ and likely >= QUOTE
    named = _coded(question, ranked) or (None if answered else _named(question, selected))
    if named:
        passages, why = named
        sure = min(1.0, sum(p for passage, p in ranked if passage in passages))
        return _told(why, max(sure, QUOTE), _certain(passages))
    if best.matched:
        likely = max(likely, QUOTE)
    if likely >= QUOTE:
        reason = f"{best.chunk.title} answers with probability {likely:.2f}"
        versions = _versions(best, selected.passages)
        return _told(reason, likely, _certain(versions) if best.matched else versions)
    ranked = _once(ranked)
    rivals = [pair for pair in ranked if pair[1] >= RIVAL]
    together = sum(p for _, p in rivals)
    pages = [passage for passage, _ in rivals if not passage.chunk.kind.curated]
    if together >= QUOTE and len(pages) == len(rivals):
        reason = f"{len(pages)} passages of pages answer together, probability {together:.2f}"
        return Choice("write", reason, together, tuple(pages))
    if len(rivals) > 1 and together >= TOGETHER:
        choices = tuple(passage for passage, _ in rivals[:MOST_CHOICES])
        reason = f"{len(choices)} entries may be meant, none with probability {QUOTE:g}"
        return Choice("ask", reason, together, choices=choices)
    return _unsure(question, likely, ranked)


def _unsure(question: str, likely: float, ranked: Sequence[tuple[Passage, float]]) -> Choice:
    """Ask whether a misspelt name is meant; else name what is closest."""
    best = ranked[0][0]
    if likely >= RIVAL and _misspelt(question, best):
        return Choice("ask", f"{best.chunk.title} may be meant", likely, choices=(best,))
    closest = tuple(passage for passage, p in ranked[:CLOSEST] if p >= NEAR)
    reason = f"no passage answers with probability {QUOTE:g}; the best has {likely:.2f}"
    return Choice("abstain", reason, likely, choices=closest)


def together(choices: Sequence[tuple[str, Choice]]) -> tuple[Choice, tuple[str, ...]] | None:
    """Return one choice for several questions of one message, and which of them it leaves open.

    None if they cannot be answered by quoting: then the message is one question.
    """
    answers = [choice for _, choice in choices if choice.passages]
    if not answers:
        return None
    passages = tuple(dict.fromkeys(passage for choice in answers for passage in choice.passages))
    open_ = tuple(question for question, choice in choices if not choice.passages)
    reason = "; ".join(choice.reason for _, choice in choices)
    return Choice("quote", reason, min(c.probability for c in answers), passages), open_


def next_best(selected: Selected, shown: Sequence[str], titles: Sequence[str] = ()) -> Choice:
    """Return what is offered to somebody who says that an answer was not it.

    shown: ids of passages that were shown already; ``LAST`` is the likeliest. titles: of those that
    were offered.
    """
    ranked = _once(_ranked(selected))
    refused = {passage.id for passage, _ in ranked[:1] if LAST in shown}.union(shown)
    keys = {
        title_key(passage.chunk)
        for passage in selected.passages
        if passage.id in refused or passage.chunk.title in titles
    }
    left = tuple(passage for passage, _ in ranked if title_key(passage.chunk) not in keys)[:CLOSEST]
    if left:
        return Choice("ask", "what was shown was not meant", 0.0, choices=left)
    return Choice("abstain", "what was shown was not meant, and nothing else is near", 0.0)


def taken(selected: Selected, id_: str, title: str) -> Choice:
    """Return the entry that a reader chose. id_: of its passage; empty: the title decides."""
    for passage, likely in _ranked(selected):
        if passage.id == id_ or (not id_ and passage.chunk.title == title):
            sure = max(likely, QUOTE)
            versions = _versions(passage, selected.passages)
            return Choice("quote", "the reader chose it", sure, _certain(versions))
    return choose(title, selected)


def again(selected: Selected, titles: Sequence[str]) -> Choice:
    """Return the same choices once more, for somebody who agreed to none of them."""
    same = tuple(
        next(p for p in selected.passages if p.chunk.title == title)
        for title in titles
        if any(p.chunk.title == title for p in selected.passages)
    )
    return (
        Choice("ask", "none of the choices was named", 0.0, choices=same)
        if same
        else Choice("abstain", "none of the choices was named", 0.0)
    )


def near(selected: Selected) -> tuple[Passage, ...]:
    """Return the passages that are worth naming, the likeliest first."""
    return tuple(passage for passage, likely in _ranked(selected) if likely >= NEAR)


def in_language(passages: Sequence[Passage], language: str) -> tuple[Passage, ...]:
    """Return the passages in a reader's language, or all of them if there are none."""
    own = tuple(passage for passage in passages if passage.chunk.language == language)
    return own or tuple(passages)


def _ranked(selected: Selected) -> list[tuple[Passage, float]]:
    pairs = zip(selected.passages, selected.probabilities, strict=True)
    return sorted(pairs, key=lambda pair: pair[1], reverse=True)


def _told(reason: str, likely: float, passages: tuple[Passage, ...]) -> Choice:
    best = passages[0].chunk
    if best.kind is Kind.PAGE and len(best.text) > LONG:
        return Choice("write", f"{reason}, in a long page", likely, passages)
    return Choice("quote", reason, likely, passages)


def _certain(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Return passages that are told for more than their likeness: they are taken to answer."""
    return tuple(replace(p, answers=max(p.answers or 0.0, QUOTE)) for p in passages)


def _named(question: str, selected: Selected) -> tuple[tuple[Passage, ...], str] | None:
    """Return the entries that a question names, if several are, and why all of them are told."""
    passages = selected.passages
    if compared := _compared(question, passages):
        titles = " and ".join(passage.chunk.title for passage in compared)
        return compared, f"the question compares {titles}"
    same = _meanings(passages)
    if not same:
        return None
    likeliest = next(passage for passage, _ in _ranked(selected) if passage in same)
    own = _in_one_language(question, same, likeliest.chunk.language)
    if len(own) == 1:
        return _versions(own[0], passages), f"{own[0].chunk.title} is asked for by name"
    places = {title_key(passage.chunk): place for place, passage in reversed(list(enumerate(own)))}
    newest = sorted(own, key=lambda passage: passage.chunk.date, reverse=True)
    entries = tuple(sorted(newest, key=lambda passage: places[title_key(passage.chunk)]))
    return entries, f"{len(entries)} entries are asked for by name"


def _compared(question: str, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the curated entries whose difference is asked for, if it is."""
    if not _COMPARES.search(question):
        return ()
    named = [p for p in passages if p.mentioned and p.chunk.kind is Kind.GLOSSARY]
    return tuple(named[:3]) if len(named) > 1 else ()


def _meanings(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the entries that a question asks for by name and by nothing else, if several."""
    matched = tuple(passage for passage in passages if passage.matched)
    return matched[:MOST_CHOICES] if len(matched) > 1 else ()


def _in_one_language(
    question: str, same: tuple[Passage, ...], fallback: str
) -> tuple[Passage, ...]:
    """Leave out entries that another one tells in the reader's language, under the same name."""
    language = language_of_question(question, fallback=fallback) or fallback
    own = {p.chunk.title.casefold() for p in same if p.chunk.language == language}
    return tuple(
        passage
        for passage in same
        if passage.chunk.language == language or passage.chunk.title.casefold() not in own
    )


def _coded(
    question: str, ranked: Sequence[tuple[Passage, float]]
) -> tuple[tuple[Passage, ...], str] | None:
    """Return the one passage that has a code of the question (E-113), if that is news.

    Likeness of meaning does not tell E-113 from E-114.
    """
    for code in dict.fromkeys(_CODE.findall(question)):
        exact = re.compile(rf"(?<![\w-]){re.escape(code)}(?![\w-])", re.IGNORECASE)
        having = [passage for passage, _ in ranked if exact.search(passage.chunk.searchable)]
        best, likely = ranked[0]
        if len(having) == 1 and (having[0] is not best or likely < QUOTE):
            return (having[0],), f"only {having[0].chunk.title} has {code}"
    return None


def _misspelt(question: str, best: Passage) -> bool:
    """Whether each of a question's few words is nearly one of an entry's name."""
    terms = [word for word in words(question) if word not in STOP_WORDS]
    names = " ".join((best.chunk.title, *best.chunk.names))
    shares = alike(terms, names)
    return 0 < len(terms) <= _FEW and 0 < min(shares) < 1


def _once(ranked: Sequence[tuple[Passage, float]]) -> list[tuple[Passage, float]]:
    """Keep one of the passages that have the same title: they read the same in a list."""
    firsts: dict[tuple[str, str], tuple[Passage, float]] = {}
    for passage, likely in ranked:
        firsts.setdefault(title_key(passage.chunk), (passage, likely))
    return list(firsts.values())


def _of_all_versions(best: Passage, ranked: Sequence[tuple[Passage, float]]) -> float:
    """Return how likely a passage answers, or another version of the same text does.

    They compete with each other, though each of them is the answer.
    """
    same = (p for passage, p in ranked if passage is best or versions(passage.chunk, best.chunk))
    return min(1.0, sum(same))


def _versions(best: Passage, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return a passage and others of the same name that say something else, the newest first."""
    same = [
        passage
        for passage in passages
        if passage is best
        or (passage.chunk.text != best.chunk.text and versions(passage.chunk, best.chunk))
    ]
    same.sort(key=lambda p: p.chunk.date, reverse=True)
    return tuple(same[:2])
