"""What the API says about an answered question: its ``routeback`` field."""

from typing import Final, Literal

from ui.addresses import Hosts
from ui.api.types import ApiSourceView, ApiTurnView

Mode = Literal["quote", "write", "ask", "abstain"]
"""How an answer was made: quoted, written by a model, asked back, or not found."""
AuthorKind = Literal["document", "model", "product", "person", "draft"]
"""Who writes: the documents' own words, a model, the product, a person, or two of them."""
QUOTE: Final = "quote"
"""What stands for an arm where the document's own words are shown."""


class AnsweredTurn(ApiTurnView):
    """An answered question, and what the page asks of it."""

    @property
    def cited(self) -> tuple[ApiSourceView, ...]:
        """The sources that some sentence names, without those that are quoted."""
        named, quoted = self._named, self._quoted
        return tuple(s for s in self.sources if s.number in named - quoted)

    @property
    def searched(self) -> tuple[ApiSourceView, ...]:
        """The sources that are neither named by a sentence nor quoted."""
        named, quoted = self._named, self._quoted
        return tuple(s for s in self.sources if s.number not in named | quoted)

    @property
    def used(self) -> tuple[ApiSourceView, ...]:
        """The sources that the answer names or quotes."""
        used = self._named | self._quoted
        return tuple(source for source in self.sources if source.number in used)

    @property
    def uncarried(self) -> tuple[str, ...]:
        """The sentences that the sources do not hold."""
        return tuple(sentence.text for sentence in self.sentences if not sentence.carried)

    @property
    def offers_person(self) -> bool:
        """Whether a person should be offered beside the answer."""
        return self.outcome == "abstained"

    @property
    def hosts(self) -> Hosts:
        """Where links in the answer and its sources may lead."""
        return Hosts.of(self.link_hosts)

    @property
    def _named(self) -> set[int]:
        return {number for sentence in self.sentences for number in sentence.cited}

    @property
    def _quoted(self) -> set[int]:
        return {quotation.number for quotation in self.quotations}
