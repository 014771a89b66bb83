"""Which language a text is in: English, German, or neither.

A short question has little for a classifier to go on, so function words are counted first and
``py3langid`` decides where they do not. "Neither" needs positive signs of a third language:
refusing somebody's own language is worse than trying to answer in a third. Measured by
``benchmarks/retrieval/language.py``.
"""

import math
import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, get_args

from guardrails.text.function_words import ENGLISH, FOREIGN, GERMAN, WEAKLY_ENGLISH, WEAKLY_GERMAN

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

Language = Literal["en", "de"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

_loading: Final = threading.Lock()

_CONSIDERED: Final = "en de fr es it nl pl tr pt sv da cs ru zh ja ar ko uk hu ro fi el no".split()
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_QUOTED: Final = re.compile(
    r"[\"“”„«»‚‘`].{1,80}?[\"“”«»’`]|(?<!\w)'[^']{1,60}'(?!\w)|https?://\S+|\S+@\S+"
)
_FOREIGN_LETTERS: Final = re.compile(r"[¿¡ñãõçàâêîôûëïœæåøłęąśźżćńőűğışčřžěťďůțșìòùáíóú]")
_GERMAN_ENDING: Final = re.compile(
    r"(ung|ungen|keit|heit|schaft|lich|isch|tät|nis|fehler|zeit|ieren|iert)\b"
)
_LATIN_ENDS: Final = 0x24F
_SURE_OTHER: Final = 0.97
_SURE_SHORT: Final = 0.9
_SURE: Final = 0.6
_SHORT_WORDS: Final = 3
_LEANING: Final = 1.5


@dataclass(frozen=True, slots=True)
class _Signs:
    """What speaks for each language: weighted counts of words, and probabilities."""

    words: int
    english: float
    german: float
    other: float
    p_english: float
    p_german: float

    @property
    def p_other(self) -> float:
        return 1.0 - self.p_english - self.p_german

    @property
    def lean(self) -> float:
        """Log odds of German against English by the classifier."""
        return math.log((self.p_german + 1e-3) / (self.p_english + 1e-3))

    @property
    def by_words(self) -> str | None:
        if self.english == self.german:
            return None
        return "en" if self.english > self.german else "de"


def language_of_question(text: str, *, fallback: str) -> str | None:
    """Return ``en`` or ``de``, or None if the text is in neither.

    fallback: for texts that do not tell, such as a product name.
    """
    bare = _QUOTED.sub(" ", text)
    text = bare if _WORD.search(bare) else text
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return fallback
    if sum(ord(character) > _LATIN_ENDS for character in letters) * 2 > len(letters):
        return None
    signs = _signs(text)
    if _is_other(signs):
        return None
    return _of_ours(signs, text) or fallback


def language_of_text(text: str) -> str:
    """Return the ISO 639-1 code of a longer text; any language."""
    code, _ = _identifier().classify(text[:4000])
    return str(code)


def _signs(text: str) -> _Signs:
    low = text.replace("’", "'").casefold()
    tokens = _WORD.findall(low)
    parts = {part for token in tokens for part in (token, *token.split("'"))}
    foreign = bool(_FOREIGN_LETTERS.search(low))
    umlaut = (
        0.0
        if foreign
        else 1.0
        if re.search("[äß]", text.lower())
        else 0.5 * bool(re.search("[öü]", low))
    )
    ranked = dict(_identifier().rank(low if text.isupper() else text))
    return _Signs(
        words=len(tokens),
        english=_weight(tokens, ENGLISH, WEAKLY_ENGLISH),
        german=_weight(tokens, GERMAN, WEAKLY_GERMAN) + umlaut,
        other=len(parts & FOREIGN) + foreign,
        p_english=float(ranked["en"]),
        p_german=float(ranked["de"]),
    )


def _is_other(signs: _Signs) -> bool:
    ours = max(signs.english, signs.german)
    if signs.other > 0 and signs.p_other > 0.5 and signs.other >= ours:  # noqa: PLR2004
        return True
    if signs.other > ours + 1:
        return True
    return signs.words >= _SHORT_WORDS and signs.p_other >= _SURE_OTHER and ours < 1


def _of_ours(signs: _Signs, text: str) -> str | None:
    if signs.by_words and max(signs.english, signs.german) >= 1:
        return signs.by_words
    likelier = "de" if signs.lean > 0 else "en"
    sure = _SURE if signs.words >= _SHORT_WORDS else _SURE_SHORT
    if max(signs.p_english, signs.p_german) >= sure:
        return likelier
    if abs(signs.lean) >= _LEANING:
        return likelier
    return signs.by_words or ("de" if _GERMAN_ENDING.search(text.casefold()) else None)


def _weight(tokens: list[str], strong: frozenset[str], weak: frozenset[str]) -> float:
    return sum(0.5 if token in weak else float(token in strong) for token in tokens)


def load_ahead() -> None:
    """Load what tells languages while other things start: unpacking it takes half a second."""
    threading.Thread(target=_identifier, name="languages", daemon=True).start()


def _identifier() -> "LanguageIdentifier":
    with _loading:  # whoever comes second waits for the first
        return _loaded_identifier()


@cache
def _loaded_identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_CONSIDERED)
    return identifier
