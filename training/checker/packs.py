"""Packs: a passage and claims about it, labelled by how they were made.

Pack number ``n`` of a seed is always the same, so training goes on where it stopped.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from training.checker import edits, questions, rewordings
from training.checker.edits import Edit, Span
from training.checker.texts import LANGUAGES, Document, Judged, Parallel, Texts

SHARES: Final = {
    "documents-en": 0.24,
    "documents-de": 0.24,
    "parallel": 0.2,
    "judged-en": 0.15,
    "judged-de": 0.06,
    "closed": 0.06,
    "tables": 0.05,
}
"""How often a pack is made of each kind of text."""
CLAIMS: Final = 12
WINDOWS: Final = (220, 320, 420, 520, 700)
"""Characters of a passage."""
_LONGEST = 420
"""Characters of a claim."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said about a passage.

    supported: whether the passage carries it. wrong: altered characters; None if not known.
    kind: how it was made.
    """

    text: str
    supported: bool
    kind: str
    language: str
    wrong: tuple[Span, ...] | None


@dataclass(frozen=True, slots=True)
class Pack:
    """A passage with its claims."""

    passage: str
    language: str
    source: str
    claims: tuple[Claim, ...]


@dataclass(slots=True)
class Collected:
    """Claims as they come; doubles and what is too long are left out."""

    claims: list[Claim] = field(default_factory=list)

    def add(
        self,
        text: str,
        supported: bool,  # noqa: FBT001
        kind: str,
        language: str,
        wrong: tuple[Span, ...] | None,
    ) -> None:
        """Add a claim."""
        known = {claim.text for claim in self.claims}
        if text.strip() and len(text) <= _LONGEST and text not in known:
            self.claims.append(Claim(text, supported, kind, language, wrong))

    def harmed(self, edit: Edit | None, kind: str, language: str, passage: str) -> bool:
        """Add a harmed sentence, unless it stands in the passage: only one that breaks off may."""
        if edit is None or (edit.text in passage and kind != "truncation"):
            return False
        self.add(edit.text, False, kind, language, edit.wrong)
        return True


class Packs:
    """Makes packs of texts."""

    def __init__(self, texts: Texts, seed: int, shares: Mapping[str, float] = SHARES) -> None:
        self._texts, self._seed = texts, seed
        held = {
            "documents-en": len(texts.documents["en"]),
            "documents-de": len(texts.documents["de"]),
            "parallel": len(texts.parallel),
            "judged-en": len(texts.judged["en"]),
            "judged-de": len(texts.judged["de"]),
            "closed": len(texts.closed),
            "tables": 1,
        }
        self._shares = {kind: share for kind, share in shares.items() if held[kind]}
        self._neighbours: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
        for language in LANGUAGES:
            for document in texts.documents[language]:
                self._neighbours[language, document.group].append(document)
        sizes = [len(one.pairs) for one in texts.parallel]
        self._parallel_weights = [min(size, 25) for size in sizes]

    def __getitem__(self, number: int) -> Pack:
        """Return one pack; tries on until there are claims of both labels."""
        random = Random(f"{self._seed}:{number}")
        while True:
            kind = random.choices(list(self._shares), list(self._shares.values()))[0]
            pack = self._pack(kind, random)
            if pack and len({claim.supported for claim in pack.claims}) > 1:
                claims = list(pack.claims)
                random.shuffle(claims)
                return Pack(pack.passage, pack.language, pack.source, tuple(claims[: CLAIMS + 2]))

    def _pack(self, kind: str, random: Random) -> Pack | None:
        if kind == "tables":
            return table(random)
        if kind == "parallel":
            one = random.choices(self._texts.parallel, self._parallel_weights)[0]
            return across(one, random)
        if kind == "closed":
            return asked(random.choice(self._texts.closed), random)
        language = kind[-2:]
        if kind.startswith("judged"):
            return said(random.choice(self._texts.judged[language]), random)
        document = random.choice(self._texts.documents[language])
        near = [one for one in self._neighbours[language, document.group] if one is not document]
        return documented(
            document, near or [random.choice(self._texts.documents[language])], random
        )


def window(sentences: Sequence[str], random: Random) -> list[str]:
    """Return sentences in a row, of as many characters as one of WINDOWS."""
    figures = [at for at, sentence in enumerate(sentences) if re.search(r"\d", sentence)]
    at = 0 if random.random() < 0.5 else random.randrange(len(sentences))
    if figures and random.random() < 0.5:
        at = random.choice(figures)
    most = random.choice(WINDOWS)
    taken, size = [sentences[at]], len(sentences[at])
    for sentence in sentences[at + 1 :]:
        if size + len(sentence) > most:
            break
        taken.append(sentence)
        size += len(sentence)
    return taken


def headed(title: str, text: str, random: Random) -> str:
    """Put a title before a passage, most of the time."""
    if not title or random.random() < 0.4:
        return text
    mark = " " if title.endswith("?") else random.choice((". ", ": ", "\n"))
    return f"{title}{mark}{text}"


def documented(document: Document, near: Sequence[Document], random: Random) -> Pack | None:
    """Make a pack of a section; some facts of the passage are altered first."""
    language = document.language
    own = window(document.sentences, random)
    collected = Collected()
    altered: dict[int, tuple[str, Edit, str]] = {}
    if random.random() < 0.75:
        for at in random.sample(range(len(own)), min(len(own), random.choice((1, 1, 2, 3)))):
            kind = random.choice(("number", "negation", "negation", "phrase", "terms"))
            if re.search(r"\d", own[at]) and random.random() < 0.7:
                kind = "number"
            edit = edits.HARMS[kind](own[at], language, " ".join(own), random)
            if edit and edit.text not in own:
                altered[at] = (own[at], edit, kind)
                own[at] = edit.text
    body = " ".join(own)
    passage = headed(document.title, body, random)
    for before, edit, kind in altered.values():
        right = edit.text
        if random.random() < 0.4:
            right, _ = rewordings.reworded(right, language, document.title, random)
        collected.add(right, True, f"altered+{kind}", language, ())
        collected.add(before, False, f"altered-{kind}", language, None)
        if random.random() < 0.5:
            polar(collected, edit.text, before, language, random)
    free = [at for at in range(len(own)) if at not in altered and not own[at].endswith("?")]
    if free:
        harms(collected, [own[at] for at in free], passage, language, document.title, near, random)
    return Pack(passage, language, document.source, tuple(collected.claims))


_DRAWN: Final = (
    *("number", "number", "negation", "negation", "phrase", "phrase", "terms", "terms"),
    *("salad", "shuffled", "truncation", "truncation", "other", "closed", "joined", "number"),
)


def harms(
    collected: Collected,
    own: Sequence[str],
    passage: str,
    language: str,
    title: str,
    near: Sequence[Document],
    random: Random,
) -> None:
    """Add right and harmed sentences in turn until there are enough."""
    for kind in random.sample(_DRAWN, len(_DRAWN)):
        if len(collected.claims) >= CLAIMS:
            return
        sentence = random.choice(fit(own, kind))
        if kind == "closed":
            other = edits.HARMS[random.choice(("number", "phrase", "terms"))](
                sentence, language, passage, random
            )
            polar(collected, sentence, other.text if other else None, language, random)
            continue
        if kind == "joined":
            if len(own) > 1:
                pair(collected, own, passage, language, random)
            continue
        if kind == "other":
            strange = random.choice(random.choice(near).sentences)
            if strange not in passage:
                collected.add(strange, False, kind, language, None)
                right(collected, random.choice(own), passage, language, title, random)
            continue
        base = sentence
        if kind in edits.FACTS and random.random() < 0.35:
            base, _ = rewordings.reworded(sentence, language, title, random, 1)
        if collected.harmed(
            edits.HARMS[kind](base, language, passage, random), kind, language, passage
        ):
            again = sentence if random.random() < 0.6 else random.choice(own)
            right(collected, again, passage, language, title, random)


def fit(sentences: Sequence[str], kind: str) -> Sequence[str]:
    """Return the sentences in which a harm can be made: a number needs one."""
    if kind == "number":
        return [one for one in sentences if re.search(r"\d", one)] or sentences
    return sentences


def right(
    collected: Collected, sentence: str, passage: str, language: str, title: str, random: Random
) -> None:
    """Add a sentence that the passage carries: a copy, or in other words."""
    chance = random.random()
    if chance < 0.25:
        collected.add(sentence, True, "copy", language, ())
        return
    if chance < 0.5 and (made := rewordings.abbreviated(sentence, passage)):
        collected.add(made, True, "abbreviated", language, ())
        return
    made, kind = rewordings.reworded(sentence, language, title, random)
    collected.add(made, True, kind, language, ())


def pair(
    collected: Collected, own: Sequence[str], passage: str, language: str, random: Random
) -> None:
    """Add two sentences said in one, and the same with something wrong in one of them."""
    first, second = random.sample(own, 2)
    collected.add(rewordings.joined(first, second, language, random), True, "joined", language, ())
    harm = random.choice(edits.FACTS)
    if edit := edits.HARMS[harm](first, language, passage, random):
        both = rewordings.joined(edit.text, second, language, random)
        collected.add(both, False, f"joined-{harm}", language, edit.wrong)


def polar(
    collected: Collected, true: str, false: str | None, language: str, random: Random
) -> None:
    """Add closed questions with an answer: about a true statement and about a false one.

    The answer's first word is what is wrong in a wrong one, or the statement after it.
    """
    yes, no = random.choice(questions.YES[language]), random.choice(questions.NO[language])
    if asked_ := questions.closed(true, language, random):
        at = len(asked_) + 1
        if random.random() < 0.7:
            after = yes if random.random() < 0.6 else f"{yes[: 2 + (language == 'en')]}, {true}"
            collected.add(f"{asked_} {after}", True, "closed", language, ())
        if random.random() < 0.7:
            collected.add(
                f"{asked_} {no}", False, "closed", language, ((at, at + len(no.split(",")[0])),)
            )
    if false and (asked_ := questions.closed(false, language, random)):
        at = len(asked_) + 1
        if random.random() < 0.7:
            after = no if random.random() < 0.6 else f"{no[: 2 + 2 * (language == 'de')]}, {true}"
            collected.add(f"{asked_} {after}", True, "closed", language, ())
        if random.random() < 0.7:
            collected.add(
                f"{asked_} {yes}", False, "closed", language, ((at, at + len(yes.split(",")[0])),)
            )


_ACROSS: Final = (
    *("negation", "negation", "number", "salad", "salad", "phrase", "terms"),
    *("other", "home", "closed"),
)


@dataclass(frozen=True, slots=True)
class Facing:
    """Sentences of a passage, and the same in the other language. free: places not altered."""

    language: str
    other: str
    own: list[str]
    theirs: list[str]
    free: list[int]


def facing(page: Parallel, random: Random) -> Facing:
    """Return some sentences of a page in a row."""
    swap = random.random() < 0.5
    language, other = ("de", "en") if swap else ("en", "de")
    pairs = [(second, first) if swap else (first, second) for first, second in page.pairs]
    at = random.randrange(len(pairs))
    most, size = random.choice(WINDOWS[:4]), 0
    taken: list[tuple[str, str]] = []
    for one in pairs[at : at + 8]:
        if taken and size + len(one[0]) > most:
            break
        taken.append(one)
        size += len(one[0])
    own, theirs = [one for one, _ in taken], [one for _, one in taken]
    return Facing(language, other, own, theirs, list(range(len(own))))


def negated(collected: Collected, given: Facing, random: Random) -> None:
    """Negate a sentence of the passage, and add it and its like in both languages."""
    here = random.randrange(len(given.own))
    before, far = given.own[here], given.theirs[here]
    edit = edits.negation(before, given.language, "", random)
    if not edit:
        return
    there = edits.negation(far, given.other, "", random)
    collected.add(far, False, "across-altered-negation", given.other, None)
    collected.add(before, False, "altered-negation", given.language, None)
    collected.add(edit.text, True, "altered+negation", given.language, ())
    if there:
        collected.add(there.text, True, "across-altered+negation", given.other, ())
    given.own[here] = edit.text
    given.free.remove(here)


def across(page: Parallel, random: Random) -> Pack | None:
    """Make a pack with claims in the language that the passage is not in, and some in its own."""
    given, collected = facing(page, random), Collected()
    if random.random() < 0.5:
        negated(collected, given, random)
    passage = " ".join(given.own)
    for kind in random.sample(_ACROSS, len(_ACROSS)):
        if not given.free or len(collected.claims) >= CLAIMS:
            break
        crossed(collected, kind, page, given, random)
    return Pack(passage, given.language, page.source, tuple(collected.claims))


def crossed(collected: Collected, kind: str, page: Parallel, given: Facing, random: Random) -> None:
    """Add a harmed sentence of a kind, and a right one."""
    passage, foreign, other = " ".join(given.own), " ".join(given.theirs), given.other
    here = random.choice(given.free)
    sentence = given.theirs[here]
    if kind == "home":
        harm = random.choice(edits.FACTS)
        edit = edits.HARMS[harm](given.own[here], given.language, passage, random)
        collected.harmed(edit, harm, given.language, passage)
        right(collected, given.own[here], passage, given.language, "", random)
        return
    if kind == "closed":
        edit = edits.HARMS["phrase"](sentence, other, foreign, random)
        polar(collected, sentence, edit.text if edit else None, other, random)
        return
    if kind == "other":
        strange = random.choice(page.pairs)[0 if other == "en" else 1]
        if strange in given.theirs:
            return
        collected.add(strange, False, "across-other", other, None)
    elif not collected.harmed(
        edits.HARMS[kind](sentence, other, foreign, random), f"across-{kind}", other, foreign
    ):
        return
    again = given.theirs[random.choice(given.free)]
    if random.random() < 0.4:
        again, _ = rewordings.reworded(again, other, "", random, 1)
    collected.add(again, True, "across", other, ())


def said(judged: Judged, random: Random) -> Pack | None:
    """Make a pack of what people said about a passage; what is right is harmed as well."""
    language, passage = judged.language, judged.passage
    collected = Collected()
    claims = random.sample(judged.claims, min(len(judged.claims), 5))
    for text, supported in claims:
        collected.add(text, supported, "people", language, () if supported else None)
        if not supported:
            continue
        for kind in random.sample(edits.FACTS, 2):
            edit = edits.HARMS[kind](text, language, passage, random)
            collected.harmed(edit, f"people-{kind}", language, passage)
        if random.random() < 0.3:
            polar(collected, text, None, language, random)
        if random.random() < 0.3:
            made, _ = rewordings.reworded(text, language, "", random)
            collected.add(made, True, "people", language, ())
    own = [part for part in re.split(r"(?<=[.!?]) +(?=[A-ZÄÖÜ])", passage) if len(part.split()) > 4]
    if own:
        one = random.choice(own)
        collected.add(one, True, "copy", language, ())
        for kind in random.sample(edits.FACTS, 1 + (not any(ok for _, ok in claims))):
            collected.harmed(
                edits.HARMS[kind](one, language, passage, random), kind, language, passage
            )
    return Pack(passage[:1500], language, judged.source, tuple(collected.claims))


def asked(judged: Judged, random: Random) -> Pack:
    """Make a pack of people's yes-or-no questions about a passage, and of its sentences."""
    language, passage = judged.language, judged.passage[:900]
    collected = Collected()
    for question, yes in judged.claims:
        asked_ = question if question.endswith("?") else f"{question}?"
        for answer, right_ in ((questions.YES, yes), (questions.NO, not yes)):
            collected.add(
                f"{asked_} {answer[language][0]}", right_, "closed-people", language, None
            )
    own = [part for part in re.split(r"(?<=[.!?]) +(?=[A-ZÄÖÜ])", passage) if len(part.split()) > 4]
    for sentence in random.sample(own, min(2, len(own))):
        right(collected, sentence, passage, language, "", random)
        kind = random.choice(edits.FACTS)
        collected.harmed(
            edits.HARMS[kind](sentence, language, passage, random), kind, language, passage
        )
    return Pack(passage, language, judged.source, tuple(collected.claims))


_NAMES: Final = (
    "Starter Team Business Enterprise Basic Plus Pro Free Premium Standard Solo Family".split()
)
_THINGS: Final = {
    "en": "reports users projects seats exports messages licences boards dashboards days".split(),
    "de": "Berichte Nutzer Projekte Plätze Exporte Nachrichten Lizenzen Boards Tage".split(),
}
_SLOTS: Final = {
    "en": ("{v} at {n}", "{n}: {v}", "{v} with {n}", "{v} for {n}", "{n} {v}"),
    "de": ("{v} bei {n}", "{n}: {v}", "{v} mit {n}", "{v} für {n}", "{n} {v}"),
}
_STATED: Final = {
    "en": (
        "{n} has {v} {t}.",
        "You get {v} {t} with {n}.",
        "We have {v} {t} with {n}.",
        "With {n}, the limit is {v} {t}.",
    ),
    "de": (
        "{n} hat {v} {t}.",
        "Mit {n} bekommen Sie {v} {t}.",
        "Wir haben {v} {t} mit {n}.",
        "Bei {n} liegt die Grenze bei {v} {t}.",
    ),
}
_VALUES: Final = (3, 5, 10, 15, 20, 25, 30, 40, 50, 60, 90, 100, 120, 200, 250, 500)


def table(random: Random) -> Pack:
    """Make a pack of what each of some plans has, with claims about one of them."""
    language = random.choice(LANGUAGES)
    names = random.sample(_NAMES, random.choice((2, 3, 4)))
    values = random.sample(_VALUES, len(names))
    thing = random.choice(_THINGS[language])
    slot = random.choice(_SLOTS[language])
    slots = [slot.format(n=name, v=value) for name, value in zip(names, values, strict=True)]
    between = random.choice((", ", "; ", "\n"))
    passage = f"{thing.capitalize()}: {between.join(slots)}."
    collected = Collected()
    for at in random.sample(range(len(names)), min(3, len(names))):
        stated = random.choice(_STATED[language])
        collected.add(
            stated.format(n=names[at], v=values[at], t=thing), True, "table", language, ()
        )
        wrong = random.choice([value for value in values if value != values[at]])
        before = stated.split("{v}", 1)[0].format(n=names[at])
        span = (len(before), len(before) + len(str(wrong)))
        collected.add(
            stated.format(n=names[at], v=wrong, t=thing), False, "table", language, (span,)
        )
    return Pack(passage, language, "made", tuple(collected.claims))
