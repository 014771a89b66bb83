"""Words, stems and content words of English and German texts."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # it brings the stemmers of all languages along
    import snowballstemmer

STEMMERS: Final = {"en": "english", "de": "german"}
STOP_WORDS: Final = frozenset(
    """
    the and for are was were with that this from not but you your our can has have had will its
    into when which who whose than then them they their there these those also such any all may
    must should would could been being does did how what why where only just more most other some
    der die das den dem des ein eine einen einem einer eines und oder für ist sind war waren mit
    dass von aus nicht aber sie ihr ihre ihren ihrem ihrer kann können hat haben hatte wird werden
    wurde wie was wenn als auch nur noch mehr sich bei auf zum zur über unter nach vor durch man
    diese dieser dieses diesen diesem damit dabei dazu sowie bis alle aller allen
    """.split()
)
JOINING: Final = {
    language: frozenset(listed.split())
    for language, listed in {
        "en": """
            the and of to is are was were with that this from not but you your our can has have
            will it its into which who than then they their there these those such any may must
            should would a an for on in at by or be as if when how do does no only all more most
            up out until within after before one two each every both also so because what where
            whom while per via without between over under about
        """,
        "de": """
            der die das den dem des ein eine einen einem einer eines und oder ist sind waren mit
            dass von aus nicht aber sie ihr ihre ihren ihrem ihrer kann können hat haben wird
            werden wurde wie wenn als auch nur noch bei auf zum zur über nach vor durch diese
            dieser dieses diesen diesem sich für im zu es ich wir in an am um er man kein keine
            keinen bis ab ob so da dann denn dort hier was wer wo welche welcher welches unter
            zwischen ohne je pro jede jeder jedes jeden sowie damit sondern muss müssen darf
            dürfen soll sollen
        """,
    }.items()
}
"""Words that join others to sentences, by language."""

_WORD: Final = re.compile(r"\w+(?:[./+#&-]\w+)*[+#]*")
_SHORTEST: Final = 3


def words(text: str) -> list[str]:
    """Return the words of ``text``, case folded; ``A/B``, ``opt-in`` and ``C++`` stay whole."""
    return _WORD.findall(text.casefold())


@cache
def stem(word: str, language: str) -> str:
    """Return the stem of one case-folded word; English rules for other languages than ours."""
    return str(_stemmer(STEMMERS.get(language, "english")).stemWord(word))


def joining(said: Sequence[str], language: str) -> float:
    """Return the share of words that join others, in [0, 1]; 1 in a language that is not known."""
    if language not in JOINING or not said:
        return 1.0
    return sum(word in JOINING[language] for word in said) / len(said)


def content(text: str, language: str) -> frozenset[str]:
    """Return the stems of the content words and the numbers of ``text``."""
    found = words(text.replace("-", " "))
    kept = (w for w in found if w.isdigit() or (len(w) >= _SHORTEST and w not in STOP_WORDS))
    return frozenset(stem(word, language) for word in kept)


@cache
def _stemmer(name: str) -> "snowballstemmer.stemmer":
    import snowballstemmer

    return snowballstemmer.stemmer(name)
