"""Reads sentences as scorers see them: content words with weight and polarity, and figures.

"Impossible" is read as "possible" the other way round, and so is "not possible": a sentence that
says the opposite shares the words and differs in polarity.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import sentencex

from guardrails.scorers.figures import DATA, WORDS, Figure, figures
from guardrails.words import STOP_WORDS, stem

_MARKERS: Final = re.compile(r"\s*\[\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*\]")
_ITEM: Final = re.compile(
    r"^\s*(?:#{1,6}\s+|>\s*|[-*+•]\s+|\(?\d{1,2}[.)]\s+|(?:step|schritt)\s+\d{1,2}\s*[:.)]\s*)+",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"[^\W_]+(?:[./+&_'’][^\W_]+)*[+#]*|[,;:.!?()]")
_EMPHASIS: Final = re.compile(r"\*\*|__|`+")
_SCOPE: Final = 3
"""Content words after a negation that it turns round."""
_LONGEST: Final = 2000
"""Characters of a sentence that are looked at: what is longer is a table or code."""

_NEGATIONS: Final = frozenset(
    """
    not no never none nobody nothing neither nor without cannot unable
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne
    """.split()
)
_ONLY: Final = frozenset({"only", "just", "nur", "bloß"})
_TURNS: Final = frozenset({"but", "sondern", "aber", "jedoch", "however", "and", "und"})
_CARRIERS: Final = frozenset(
    """
    able according also answer based below called case click contact could find first following
    follow follows get go help here however information like make means need please possible provide
    provided question refer regarding see simply sure thing use used using want way well yes you
    it its he she we they them his him i me my one two also both each if so then to of in on at by
    as an a is be or do does there hence thus therefore overall additionally furthermore moreover
    example instance typically generally usually passage passages document documents context text
    laut gemäß bitte folgende folgenden folgendes hier hilfe informationen siehe sehen finden
    findet antwort frage möglich nutzen benutzen verwenden verwendet einfach sie es er wir man um
    zu im am an in ab so da ja gerne außerdem zudem beispiel beispielsweise normalerweise meist
    ebenfalls dies dieses etwas text passage dokument jeweils muss müssen müsste wollen möchte
    """.split()
)
"""Words of any answer: they say little, and say it of nothing."""
_OPPOSITES: Final = {
    "en": """
        possible/impossible allow/forbid allow/prohibit allowed/forbidden allow/disallow permit/deny
        enable/disable activate/deactivate open/close include/exclude accept/reject accept/refuse
        accept/decline valid/invalid available/unavailable increase/decrease increase/reduce
        raise/lower minimum/maximum least/most more/less more/fewer before/after required/optional
        mandatory/optional lock/unlock encrypt/decrypt encode/decode high/low higher/lower
        early/late earlier/later
        above/below always/never succeed/fail visible/hidden legal/illegal
        mutable/immutable reversible/irreversible secure/insecure safe/unsafe trusted/untrusted
        synchronous/asynchronous inside/outside true/false start/end upload/download known/unknown
        supported/unsupported limited/unlimited connect/disconnect strong/weak free/paid
    """,
    "de": """
        möglich/unmöglich erlaubt/verboten erlauben/verbieten aktivieren/deaktivieren
        öffnen/schließen geöffnet/geschlossen einschließen/ausschließen annehmen/ablehnen
        gültig/ungültig erhöhen/senken erhöhen/verringern erhöhen/reduzieren mindestens/höchstens
        minimal/maximal mehr/weniger vorher/nachher erforderlich/optional sperren/entsperren
        gesperrt/entsperrt verschlüsseln/entschlüsseln hoch/niedrig früh/spät früher/später
        immer/nie sichtbar/verborgen veränderbar/unveränderbar sicher/unsicher
        synchron/asynchron wahr/falsch bekannt/unbekannt kostenlos/kostenpflichtig
        begrenzt/unbegrenzt stark/schwach innerhalb/außerhalb öffentlich/privat
        verfügbar/unverfügbar vollständig/unvollständig steigen/sinken oberhalb/unterhalb
    """,
}
WORD_LISTS: Final = repr(
    [DATA, sorted(_NEGATIONS), sorted(_ONLY), sorted(_TURNS), sorted(_CARRIERS), _OPPOSITES]
)
"""Everything that is data here: part of the version of those who read with it."""


@dataclass(frozen=True, slots=True)
class Word:
    """A content word. weight: how much it says, in [0.1, 1.5]. turned: it is denied."""

    stem: str
    weight: float
    name: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence. words: in order, repeated if they are. claims: it says something at all."""

    text: str
    language: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]

    @property
    def claims(self) -> bool:
        """Whether anything in it can be true or false."""
        return bool(self.figures) or any(word.weight >= _SAYS for word in self.words)

    @property
    def stems(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(word.stem for word in self.words)


_CARRIED: Final = 0.1
_SAYS: Final = 0.4
_NAME: Final = 1.5


def claims(answer: str, language: str) -> list[str]:
    """Return the sentences of an answer without citation markers and list numbers."""
    found = []
    for line in answer.splitlines():
        bare = _ITEM.sub("", _MARKERS.sub("", line))
        for part in sentencex.segment(language, bare):
            text = _ITEM.sub("", part).strip()
            if text:
                found.append(text)
    return found


@lru_cache(maxsize=4096)
def read(sentence: str, language: str) -> Reading:
    """Read one sentence. Never raises; what is not text reads as no words."""
    text = _EMPHASIS.sub("", _MARKERS.sub("", sentence[:_LONGEST]))
    words: list[Word] = []
    scope, since = 0, 0
    tokens = _TOKEN.findall(text.replace("-", " ").replace("’", "'"))
    first = True
    for position, token in enumerate(tokens):
        low = token.casefold()
        if not token[0].isalnum() or low in _TURNS:
            if not token[0].isalnum() or low not in {"and", "und"}:
                scope, since = 0, len(words)
            continue
        following = tokens[position + 1].casefold() if position + 1 < len(tokens) else ""
        if low in _NEGATIONS or low.endswith("n't"):
            if following not in _ONLY:
                scope = _SCOPE
                if not _speaks(tokens[position + 1 :]):
                    words[since:] = [
                        Word(w.stem, w.weight, w.name, not w.turned) for w in words[since:]
                    ]
            first = False
            continue
        word = _word(token, language, first=first)
        first = False
        if word is None:
            continue
        if scope and word.weight > _CARRIED:
            scope -= 1
            word = Word(word.stem, word.weight, word.name, not word.turned)
        words.append(word)
    return Reading(text, language, tuple(words), figures(text, language))


@lru_cache(maxsize=1024)
def read_all(text: str, language: str) -> tuple[Reading, ...]:
    """Read a passage: the readings of its sentences, in order."""
    return tuple(read(sentence, language) for sentence in claims(text, language))


def _speaks(rest: list[str]) -> bool:
    """Whether a content word follows in the same clause."""
    for token in rest:
        if not token[0].isalnum():
            return False
        low = token.casefold()
        if low not in STOP_WORDS and low not in _CARRIERS:
            return True
    return False


def _word(token: str, language: str, *, first: bool) -> Word | None:
    low = token.casefold().removesuffix("'s")
    if low.replace(".", "").replace(",", "").isdigit():
        return None
    base, turned = _canonical(low, language)
    if base == low and low in STOP_WORDS:
        return None
    if low in _CARRIERS or low in WORDS or (len(low) < 2 and not low.isupper()):  # noqa: PLR2004
        return Word(base, _CARRIED, turned=turned) if len(low) > 2 else None  # noqa: PLR2004
    capitals = sum(character.isupper() for character in token)
    mixed = any(c.isdigit() for c in token) and any(c.isalpha() for c in token)
    name = capitals > 1 or mixed or (language != "de" and capitals == 1 and not first)
    weight = min(1.0, 0.4 + 0.1 * len(low)) * (_NAME if name else 1.0)
    return Word(base, weight, name, turned)


def _canonical(word: str, language: str) -> tuple[str, bool]:
    """Return the stem of a word, and whether it is the other way round."""
    own = stem(word, language)
    return _opposites(language).get(own, (own, False))


@cache
def _opposites(language: str) -> dict[str, tuple[str, bool]]:
    found: dict[str, tuple[str, bool]] = {}
    for pair in _OPPOSITES.get(language, "").split():
        one, other = (stem(word, language) for word in pair.split("/"))
        base, way = found.get(one, (one, False))
        found.setdefault(one, (base, way))
        found.setdefault(other, (base, not way))
    return found
