"""What waits for what it leads to: a lead-in, a heading, the head of a table.

None is shown where all that it leads to was withheld.
"""

from assistant.turn.answer.citations import is_head, is_row, leads
from guardrails.text import markers
from guardrails.text.sentences import ITEM


class Leads:
    """What of an answer waits, while it is checked part by part.

    The head of a table claims nothing by itself: it is judged together with its first row.
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._head = ""
        self._withheld = False

    def judged(self, part: str) -> str | None:
        """Return what is to be judged with a part, without markers; None if it waits for more."""
        if is_head(part):
            self._head = part
            return None
        if not is_row(part):
            self._head = ""
        return markers.strip(self._head + part)

    def passed(self, part: str) -> str:
        """Take a part that may be shown; return what is to be shown now, which may be nothing."""
        if self._withheld and not (is_row(part) or ITEM.match(part)):
            self._waiting = ""
        text = self._waiting + self._head + part
        self._waiting = self._head = ""
        self._withheld = False
        if leads(part):
            self._waiting = text
            return ""
        return text

    def failed(self) -> None:
        """Take note that a part is withheld: what leads to it may lead to nothing."""
        self._withheld = True
