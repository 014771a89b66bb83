"""Reads sentences as scorers see them: content words with weight and polarity, and figures.

"Impossible" is read as "possible" the other way round, and so is "not possible": a sentence that
says the opposite shares the words and differs in polarity.
"""

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from guardrails.text import markers
from guardrails.text.figures import Figure, figures, says_number, single
from guardrails.text.function_words import QUESTION_WORDS, STOP_WORDS, one_of
from guardrails.text.lexicon import CARRIERS, COMMON, MODALS, NEGATIONS, ONLY, OPPOSITES, TURNS
from guardrails.text.paths import Path, paths
from guardrails.text.sentences import sentences
from guardrails.text.words import stem

_ITEM: Final = re.compile(
    r"^\s*(?:#{1,6}\s+|>\s*|[-*+•](?:\s+|$)|(?:\(?\d{1,2}|[a-z])[.)](?:\s+|$)"
    r"|(?:step|schritt)\s+\d{1,2}\s*[:.)]\s*)+",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"[|:\s-]*")
_TOKEN: Final = re.compile(r"[^\W_]+(?:[./+&_'’][^\W_]+)*[+#]*|[,;:.!?()]")
_EMPHASIS: Final = re.compile(r"\*\*|__|`+")
_ELLIPTIC: Final = re.compile(
    r"^(?:yes|ja)\b\W*(?:but|aber)?\W*"
    r"(?:only|just|even|except|nur|auch|außer)?\W*"
    r"\b(?:as long as|so long as|as soon as|if|when|once|unless|until|provided|within|for|before"
    r"|after|during|with|without|wenn|sofern|falls|solange|sobald|bevor|nachdem|bis|innerhalb"
    r"|binnen|für|vor|nach|während|mit|ohne)\b",
    re.IGNORECASE,
)
_OPENING: Final = (
    r"(?:^|[.?!:;…])\s*(?:(?:and|but|so|then|und|aber|also|denn)\s+)?"
    r"(?:(?:in|at|for|from|to|by|with|of|für|mit|von|aus|bei|an|auf|zu|seit|unter)\s+)?"
)
_OPEN_QUESTION: Final = {
    language: re.compile(
        rf"{_OPENING}{one_of(word for word in known if word != 'when')}\b", re.IGNORECASE
    )
    for language, known in QUESTION_WORDS.items()
}
"""Where a sentence of a question opens with one of these it cannot be answered by yes: not "can I
see who …?", and not "when I cancel, do I …?"."""
_PAUSE: Final = r"(?=[\s*_\"”“]*(?:[^\w\s]|$))"
_VERDICT: Final = re.compile(
    r"[\s*_„\"“]*(?:(?P<yes>(?:yes|yep|ja|jawohl)\b"
    r"|(?:of course|sure|certainly|absolutely|definitely|natürlich|klar|selbstverständlich|sicher"
    rf"|gerne?|durchaus)\b{_PAUSE})"
    r"|(?P<no>(?:no|nope|nein|of course not|certainly not|absolutely not|unfortunately not"
    rf"|natürlich nicht|leider nein|leider nicht|auf keinen fall)\b{_PAUSE}))"
    r"[\s*_\"”“]*[,.!:;–—-]*\s*",
    re.IGNORECASE,
)
"""A yes or no that a reply begins with; not "no refunds"."""
_JOINED: Final = r"\b\W+(?:(?:and|or|und|oder)\W+)?"
_BOTH: Final = re.compile(
    rf"\W*(?:(?:yes|ja){_JOINED}(?:no|nein)|(?:no|nein){_JOINED}(?:yes|ja))\b{_PAUSE}",
    re.IGNORECASE,
)
"""Yes and no: that says neither."""
_UNTRUE: Final = re.compile(
    r"\W*(?:it(?: is|'s|’s) (?:not true|false|untrue|wrong|incorrect|a lie) that"
    r"|es (?:trifft|stimmt) nicht(?: zu)?[,:]?(?: dass)?"
    r"|es ist (?:nicht wahr|nicht richtig|unwahr|falsch|gelogen)[,:]?(?: dass)?)\b",
    re.IGNORECASE,
)
"""Denies all that comes after it."""
_CHOICE: Final = re.compile(r"\b(?:or|oder)\b", re.IGNORECASE)
MODAL: Final = "·can·"
"""Stands for every word that says that something can be done or may be."""
_POSSIBLE: Final = {"en": "possible", "de": "möglich"}
_SCOPE: Final = 3
"""Content words after a negation that it turns round."""
_AGAIN: Final = 0.75
"""Share of what a question says from which an answer without a word of its own repeats it."""
LONGEST: Final = 2000
"""Characters of a sentence that are looked at: what is longer is a table or code."""


@dataclass(frozen=True, slots=True)
class Word:
    """A content word. weight: how much it says, in [0.1, 1.5]. turned: it is denied."""

    stem: str
    weight: float
    name: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """One sentence. words: in order, repeated if they are. claims: it says something at all.

    lent: the figures that it can carry, with "a week" as one of it. paths: through
    menus, that it names. leans: it says nothing without
    its question, whose words are then among its own. verdict: the yes or no that it begins with.
    stated: all that it says is what a question asks, affirmed or denied as a whole.
    """

    text: str
    language: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]
    lent: tuple[Figure, ...] = ()
    paths: tuple[Path, ...] = ()
    leans: bool = False
    verdict: bool | None = None
    stated: bool = False

    @property
    def claims(self) -> bool:
        """Whether anything in it can be true or false."""
        told = any(figure.told for figure in self.figures)
        return told or any(word.weight >= SAYS for word in self.words)

    @property
    def leads(self) -> bool:
        """Whether it only leads to what comes after it."""
        return self.text.rstrip().endswith(":")

    @property
    def weight(self) -> float:
        """How much it says: the weights of its words, and 1 for each figure."""
        return sum(word.weight for word in self.words) + len(self.figures)

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(word.stem for word in self.words)


_CARRIED: Final = 0.1
_LITTLE: Final = 0.5
SAYS: Final = 0.5
"""Weight from which a word says something."""
_NAME: Final = 1.5


def claims(answer: str, language: str) -> list[str]:
    """Return the sentences of an answer without citation markers and list numbers.

    A row of a table is one, the first one together with the table's head.
    """
    texts: list[str] = []
    head = ""
    for line in answer.splitlines():
        bare = _ITEM.sub("", markers.strip(line))
        row = bare.lstrip().startswith("|")
        if row and _RULE.fullmatch(bare):
            head = texts.pop() if texts and texts[-1].startswith("|") else ""
            continue
        parts = [f"{head} {bare}"] if row else sentences(bare, language)
        texts += [text for part in parts if (text := _ITEM.sub("", part).strip())]
        head = ""
    return texts


@lru_cache(maxsize=4096)
def read(sentence: str, language: str) -> SentenceReading:
    """Read one sentence. Never raises; what is not text reads as no words."""
    marked = markers.strip(sentence[:LONGEST])
    text = _EMPHASIS.sub("", marked)
    if untrue := _UNTRUE.match(text):
        rest = read(text[untrue.end() :], language)
        return replace(rest, text=text, words=tuple(_denied(word) for word in rest.words))
    words: list[Word] = []
    scope, since = 0, 0
    tokens = _TOKEN.findall(text.replace("-", " ").replace("’", "'"))
    first = True
    for position, token in enumerate(tokens):
        low = token.casefold()
        if not token[0].isalnum() or low in TURNS:
            if not token[0].isalnum() or low not in {"and", "und"}:
                scope, since = 0, len(words)
            continue
        following = tokens[position + 1].casefold() if position + 1 < len(tokens) else ""
        if low in NEGATIONS or low.endswith("n't"):
            if following not in ONLY:
                scope = _SCOPE
                words[since:] = [_denied(w) if w.stem == MODAL else w for w in words[since:]]
                if not _speaks(tokens[position + 1 :]):
                    words[since:] = [w if w.stem == MODAL else _denied(w) for w in words[since:]]
            first = False
            continue
        word = _word(token, language, first=first)
        first = False
        if word is None:
            continue
        if scope and (word.weight > _CARRIED or word.stem == MODAL):
            scope -= 1
            word = _denied(word)
        words.append(word)
    numbers = figures(text, language)
    return SentenceReading(
        text, language, tuple(words), numbers, (*numbers, *single(text, language)), paths(marked)
    )


def read_reply(sentence: str, question: str, language: str) -> SentenceReading:
    """Read a sentence of an answer: what leans on the question claims what that asks as well.

    So do "No." and "Yes, that is possible.", and "Yes, as long as …".
    """
    own = read(sentence, language)
    verdict = verdict_of(own.text)
    if verdict is not None:
        rest = read(after_verdict(sentence), language)
        own = replace(rest, text=own.text, verdict=verdict)
    if verdict is not None and not own.claims and is_closed(question, language):
        return statement(question, verdict, language, own.text)
    if not _ELLIPTIC.match(own.text):
        return own
    return replace(own, words=(*read(question, language).words, *own.words), leans=True)


def verdict_of(text: str) -> bool | None:
    """Return the yes or no that a text begins with; None without one, or with both."""
    match = None if _BOTH.match(text) else _VERDICT.match(text)
    return bool(match["yes"]) if match else None


def after_verdict(text: str) -> str:
    """Return what a text says after the yes or no that it begins with."""
    return _VERDICT.sub("", text, count=1)


def is_closed(question: str, language: str) -> bool:
    """Whether a question may be answered by yes or no."""
    opening = _OPEN_QUESTION.get(language)
    return opening is not None and not opening.search(question)


def is_choice(question: str) -> bool:
    """Whether a question names what may be chosen from: "this or that?"."""
    return bool(_CHOICE.search(question))


def statement(question: str, verdict: bool, language: str, text: str) -> SentenceReading:  # noqa: FBT001
    """Read a question together with the yes or no to it as one claim, which stands as ``text``."""
    reading = read(question, language)
    words = reading.words if verdict else tuple(_denied(word) for word in reading.words)
    return replace(reading, text=text, words=words, leans=True, verdict=verdict, stated=True)


def repeats(answer: str, question: str, language: str) -> bool:
    """Whether an answer says the question again and nothing else.

    Only for what, why, how and the like: to "can I …?" and "this or that?", the question's own
    words may be the answer.
    """
    opening = _OPEN_QUESTION.get(language)
    if opening is None or not opening.search(question) or _CHOICE.search(question):
        return False
    reading = read(question, language)
    readings = [read(sentence, language) for sentence in claims(answer, language)]
    words = {(w.stem, w.turned) for r in readings for w in r.words if w.weight >= SAYS}
    if not words <= {(w.stem, w.turned) for w in reading.words}:
        return False
    if any(not figure.among(reading.figures) for r in readings for figure in r.figures):
        return False
    weights = {w.stem: w.weight for w in reading.words if w.weight >= SAYS}
    again = sum(weights.get(stem, 0.0) for stem, _ in words)
    return bool(words) and again >= _AGAIN * sum(weights.values())


@lru_cache(maxsize=1024)
def read_all(text: str, language: str) -> tuple[SentenceReading, ...]:
    """Read a passage: the readings of its sentences, in order."""
    return tuple(read(sentence, language) for sentence in claims(text, language))


def _denied(word: Word) -> Word:
    return replace(word, turned=not word.turned)


def _speaks(rest: list[str]) -> bool:
    """Whether a content word follows in the same clause."""
    for token in rest:
        if not token[0].isalnum():
            return False
        low = token.casefold()
        if low not in STOP_WORDS and low not in CARRIERS:
            return True
    return False


def _word(token: str, language: str, *, first: bool) -> Word | None:
    low = token.casefold().removesuffix("'s")
    if low.replace(".", "").replace(",", "").isdigit():
        return None
    if low in MODALS:
        return Word(MODAL, _CARRIED)
    own = stem(low, language)
    if low in STOP_WORDS and own not in _opposites(language):
        return None
    base, turned = _opposites(language).get(own, (own, False))
    if base == stem(_POSSIBLE.get(language, ""), language):
        return Word(MODAL, _CARRIED, turned=turned)
    if low in CARRIERS or says_number(low, language) or (len(low) < 2 and not low.isupper()):  # noqa: PLR2004
        return Word(base, _CARRIED, turned=turned) if len(low) > 2 else None  # noqa: PLR2004
    capitals = sum(character.isupper() for character in token)
    mixed = any(c.isdigit() for c in token) and any(c.isalpha() for c in token)
    name = capitals > 1 or mixed or (language != "de" and capitals == 1 and not first)
    weight = _NAME if name else 1.0
    weight = _LITTLE if low in COMMON else weight
    return Word(base, weight, name, turned)


@cache
def _opposites(language: str) -> dict[str, tuple[str, bool]]:
    table: dict[str, tuple[str, bool]] = {}
    for pair in OPPOSITES.get(language, "").casefold().split():
        left, right = (stem(word, language) for word in pair.split("/"))
        base, way = table.get(left, (left, False))
        table.setdefault(left, (base, way))
        table.setdefault(right, (base, not way))
    return table
