"""Whether a question leans on the conversation before it, and what it then asks. Pure functions."""

import re
from collections.abc import Sequence
from typing import Final, TypedDict

from assistant.conversation import Message
from assistant.knowledge.rerank import alike
from assistant.knowledge.selection import asks_how_much
from assistant.language import language_of_question
from guardrails.text.function_words import AFTER_PRONOUNS, ASKING_ON, POINTING_BACK
from guardrails.text.words import content, words

RECENT: Final = 4
"""Messages before the question that a rewrite may look at."""
KEPT: Final = 3
"""Follow-ups in a row that may lean on one topic."""


class Topic(TypedDict):
    """What the conversation is about. turns: how many follow-ups ago it was named."""

    question: str
    turns: int


_UNRESOLVED: Final = POINTING_BACK - frozenset(
    "that there then same one das es er damit dabei".split()
)
"""Words that a question which stands alone has no use for, however it is put."""
_LEADS_ON: Final = re.compile(
    r"^(and|also|but|then|what about|how about|(?:what|anything) else|und|auch|aber|dann"
    r"|wie ist es mit|was ist mit|was noch|sonst noch)\b",
    re.IGNORECASE,
)
_NEW_TERM: Final = re.compile(
    r"^(?:and|also|but|then|und|auch|aber|dann)\W+"
    r"(?:what(?:'s| is) an? \w|was ist eine? \w)",
    re.IGNORECASE,
)
"""A lead before a question of its own, what a term means; not what *the* limit is."""
_MAY_BEGIN: Final = re.compile(r"^(why|so|because|warum|wieso|weshalb|also)\b", re.IGNORECASE)
"""Leads by which a new subject begins as often as a follow-up."""
_STANDS_FOR_NOTHING: Final = re.compile(
    r"\b(?:there (?:is|are|was|were|any)|(?:is|are|was|were|will|be|isn't|aren't) there"
    r"|(?:is|was|would) it (?=(?:ok|okay|safe|free|worth|(?:im)?possible|allowed|better) \w)"
    r"|(?:does|did|will|would) it (?=(?:take|cost) \w)"
    r"|gibt(?: es|'?s)|es gibt|dauert es,? (?=bis|um)"
    r"|(?:ist|wäre|war) es (?=(?:ok|okay|nötig|(?:un)?möglich|erlaubt|besser)\b\W+\w))",
    re.IGNORECASE,
)
"""Where "there", "it" and "es" only fill a place."""
_ONE_OF: Final = frozenset("the this that which other another".split())
_NOUN_NEAR: Final = re.compile(r"\b[Dd]as\s+(?:[\w-]+\s+){0,2}[A-ZÄÖÜ]")
_INFINITIVE: Final = ("en", "ern", "eln")
_MANY: Final = 4
_COMPLETE: Final = re.compile(
    r"^\W*(?:what|was|define|explain|erklär|definiere|(?:is|are) there|do you (?:have|offer)"
    r"|gibt es|gibt's|habt ihr|haben sie)\b",
    re.IGNORECASE,
)
_FEW: Final = 2
_NEW_WORDS: Final = 0.34
_SHARE: Final = 0.25
_LONGEST: Final = 300


def needs_context(question: str, language: str) -> bool:
    """Return whether the question may point back at what was said before.

    By its words alone: a pronoun, a lead such as "and", or hardly any content.
    """
    text = question.strip()
    if points_back(text):
        return True
    if _LEADS_ON.match(text):
        return not _NEW_TERM.match(text)
    own = content(question, language)
    complete = bool(own) and _defines(question)
    return len(own) < _FEW and (bool(_MAY_BEGIN.match(text)) or not complete)


def points_back(question: str) -> bool:
    """Return whether a word of the question stands for something that was said before it.

    Not "there" in "is there", not "das" before its noun, not "that" after what it tells more of.
    """
    bare = _STANDS_FOR_NOTHING.sub(" ", question)
    tokens = words(bare)
    around = zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False)
    return any(_stands_for(before, word, after, bare) for before, word, after in around)


def _stands_for(before: str, word: str, after: str, question: str) -> bool:
    """Whether a word, between its neighbours, stands for something else."""
    if word not in POINTING_BACK:
        return False
    if word == "das":
        return not _is_article(after, question)
    if word == "that":
        return not (after and _is_content(before))
    return word != "one" or before in _ONE_OF or not after


def _is_article(after: str, question: str) -> bool:
    """Whether "das" is the article of what follows; nouns are capitals, where anything is."""
    if not _is_content(after):
        return False
    if question[1:] != question[1:].lower():
        return bool(_NOUN_NEAR.search(question))
    return not after.endswith(_INFINITIVE)


def _is_content(word: str) -> bool:
    return bool(content(word, "en")) and word not in AFTER_PRONOUNS


def may_stand_alone(question: str, language: str) -> bool:
    """Return whether a question that points back may be a new subject all the same.

    It has much content of its own, or begins with a word by which new subjects begin.
    """
    own = content(question, language)
    if _LEADS_ON.match(question.strip()):
        return False
    begins = bool(_MAY_BEGIN.match(question.strip()))
    return len(own) >= (_FEW if begins else _MANY)


def topic_of(topic: Topic | None, history: Sequence[Message]) -> Topic | None:
    """Return what a follow-up may lean on, or None after too many of them.

    history: for a conversation that only the client remembers: its last question that stands alone.
    """
    if topic is not None:
        return topic if topic["turns"] < KEPT else None
    questions = [turn["content"] for turn in history if turn["role"] == "user"]
    for turns, question in enumerate(reversed(questions[-KEPT:])):
        language = language_of_question(question, fallback="en") or "en"
        if not needs_context(question, language) or may_stand_alone(question, language):
            return {"question": question, "turns": turns}
    return {"question": questions[-1], "turns": 0} if questions else None


def kept(topic: Topic) -> Topic:
    """Return the topic after one more follow-up."""
    return {"question": topic["question"], "turns": topic["turns"] + 1}


def _defines(question: str) -> bool:
    """Whether it asks what a single word means, or whether there is such a thing: complete."""
    return bool(_COMPLETE.match(question))


def sound_rewrite(rewrite: str, question: str, history: Sequence[Message], language: str) -> bool:
    """Return whether a model's rewrite stands alone and says no more than the conversation does."""
    if not rewrite or len(rewrite) > _LONGEST or "\n" in rewrite:
        return False
    if _UNRESOLVED & set(words(rewrite)):
        return False
    terms = content(" ".join([question, *(turn["content"] for turn in history)]), language)
    claimed = content(rewrite, language)
    return bool(claimed) and len(claimed - terms) <= _NEW_WORDS * len(claimed)


def joined(question: str, topic: str) -> str:
    """Return the question after its topic: no rewrite, but searchable."""
    return f"{topic} {question}"


def leans_on(question: str, text: str) -> bool:
    """Return whether a text that answers the topic has something of what a follow-up asks.

    One of its words, or a figure where it asks for one; what says nothing of its own leans on all.
    Of what says much, a share.
    """
    own = [w for w in dict.fromkeys(words(question.replace("-", " "))) if content(w, "en")]
    own = [word for word in own if word not in ASKING_ON]
    total = sum(alike(own, text))
    figure = asks_how_much(question) and bool(re.search(r"\d", text))
    if len(own) < _MANY or _LEADS_ON.match(question.strip()):
        return not own or total > 0 or figure
    return total >= _SHARE * len(own)
