"""Says whether a message is nothing but courtesy: thanks, a greeting or a farewell.

Such a message opens nothing that is solved. So each of its words must be one of these: whoever
thanks and wants something, or says that it did not help, is heard.
"""

import re
from typing import Final

_CORE: Final = frozenset(
    """
    thanks thank thx ty cheers merci danke dank dankeschön
    hello hi hey hallo servus moin
    bye goodbye tschüss tschüß ciao wiedersehen wiederhören
    """.split()
)
"""One of these is among them."""
_BESIDE: Final = frozenset(
    """
    you many so much very a lot that this it its was is helped helps works worked now solved
    team everyone all both and ok okay good well nice
    great super perfect wonderful day evening weekend have see then yes kind of appreciated
    vielen schön sehr das hat mir uns
    geholfen funktioniert klappt jetzt ist gelöst ja gut alles klar auch auf einen
    toll prima perfekt wunderbar schönen tag abend wochenende noch und ihnen dir euch bis dann
    """.split()
)
_WHAT_FOR: Final = re.compile(
    r"\bfor (?:your|the|all the) (?:(?:quick|fast|kind) )?(?:help|reply|answer|support)\b"
    r"|\bfür (?:die|deine|ihre|eure) (?:(?:schnelle|tolle) )?(?:hilfe|antwort|unterstützung)\b"
)
_AGAIN: Final = re.compile(
    r"(?:\bnochmals? )?\b(thanks|thank you|danke|hello|hi|hallo)(?: again| nochmals?)?\b"
)
"""What is thanked for, and that it is done again: alone, these words ask for help."""
_WORD: Final = re.compile(r"[^\W\d_]+")


def is_courtesy(text: str) -> bool:
    """Return whether a message asks for nothing and complains of nothing.

    Negations, questions, numbers and names are none of its words. What is unknown is no courtesy.
    """
    line = text.casefold().replace("’", "'").replace("'", "")
    words = _WORD.findall(_WHAT_FOR.sub(" ", _AGAIN.sub(r"\1", " ".join(line.split()))))
    known = _CORE | _BESIDE
    plain = not re.search(r"[?\d]", line)
    return plain and bool(_CORE & set(words)) and all(word in known for word in words)
