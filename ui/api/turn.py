"""What the API says about an answered question: its ``routeback`` field."""

from typing import Annotated, Final, Literal

from pydantic import Field

from ui.api.wire import Wire

Outcome = Literal["answered", "asked", "abstained", "replied", "handed_off"]
Mode = Literal["quote", "write", "ask", "abstain"]
"""How an answer was made: quoted, written by a model, asked back, or not found."""
QUOTE: Final = "quote"
"""What stands for an arm where the document's own words are shown."""


class Source(Wire):
    """A passage that was looked at. number: what its markers in the answer say. date: ISO 8601.

    place: where in the source it stands, such as ``page 3 – page 4``; empty if nowhere special.
    """

    number: int
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    language: str | None = None
    kind: str | None = None
    date: str = ""
    place: str = ""


class Quotation(Wire):
    """What is quoted of a source. number: the source's. whole: whether ``text`` is all of it.

    date: ISO 8601, or empty.
    """

    number: int
    title: str
    text: str
    whole: bool = True
    language: str = ""
    date: str = ""


class Choice(Wire):
    """An entry that may be meant. Its title as the next question chooses it."""

    number: int
    title: str
    id: str = ""


class Sentence(Wire):
    """One sentence of the answer. carried: whether the passages it cites hold what it says."""

    text: str
    cited: tuple[int, ...] = ()
    carried: bool = True


class Route(Wire):
    """Which arm answered, and why that one."""

    arm: str
    revision: str | None = None
    reason: str | None = None


class Turn(Wire):
    """An answered question.

    mode: None where nothing was searched for. mode_reason: why this mode. evidence: the probability
    in [0, 1] that what is shown answers, None if nothing was searched. lead: what is said apart
    from the list of choices. checked: whether the answer could be held against the sources.
    fell_back: why base answered in place of another model.
    """

    turn_id: Annotated[str, Field(min_length=1)]
    outcome: Outcome
    language: str = ""
    segment: str = ""
    standalone: str = ""
    mode: Mode | None = None
    mode_reason: str = ""
    evidence: float | None = None
    lead: str = ""
    choices: tuple[Choice, ...] = ()
    quotations: tuple[Quotation, ...] = ()
    route: Route | None = None
    sources: tuple[Source, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    timings_s: dict[str, float] = Field(default_factory=dict)
    checked: bool = True
    fell_back: str | None = None

    @property
    def cited(self) -> tuple[Source, ...]:
        """The sources that some sentence names, without those that are quoted."""
        named, quoted = self._named, self._quoted
        return tuple(s for s in self.sources if s.number in named - quoted)

    @property
    def searched(self) -> tuple[Source, ...]:
        """The sources that are neither named by a sentence nor quoted."""
        named, quoted = self._named, self._quoted
        return tuple(s for s in self.sources if s.number not in named | quoted)

    @property
    def uncarried(self) -> tuple[str, ...]:
        """The sentences that the sources do not hold."""
        return tuple(sentence.text for sentence in self.sentences if not sentence.carried)

    @property
    def offers_person(self) -> bool:
        """Whether a person should be offered beside the answer."""
        return self.outcome in {"abstained", "handed_off"}

    @property
    def _named(self) -> set[int]:
        return {number for sentence in self.sentences for number in sentence.cited}

    @property
    def _quoted(self) -> set[int]:
        return {quotation.number for quotation in self.quotations}
