"""What the API says about an answered question: its ``routeback`` field."""

from typing import Annotated, Literal

from pydantic import Field

from ui.wire import Wire

Outcome = Literal["answered", "abstained", "replied", "handed_off"]


class Source(Wire):
    """A passage that the answer was given. number: what its markers in the answer say."""

    number: int
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    language: str | None = None
    kind: str | None = None


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

    evidence: in [0, 1], None if nothing was searched. checked: whether the answer could be held
    against the sources. fell_back: why base answered in place of another model.
    """

    turn_id: Annotated[str, Field(min_length=1)]
    outcome: Outcome
    language: str = ""
    segment: str = ""
    standalone: str = ""
    evidence: float | None = None
    route: Route | None = None
    sources: tuple[Source, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    timings_s: dict[str, float] = Field(default_factory=dict)
    checked: bool = True
    fell_back: str | None = None

    @property
    def cited(self) -> tuple[Source, ...]:
        """The sources that some sentence names."""
        named = {number for sentence in self.sentences for number in sentence.cited}
        return tuple(source for source in self.sources if source.number in named)

    @property
    def searched(self) -> tuple[Source, ...]:
        """The sources that no sentence names."""
        cited = self.cited
        return tuple(source for source in self.sources if source not in cited)

    @property
    def uncarried(self) -> tuple[str, ...]:
        """The sentences that the sources do not hold."""
        return tuple(sentence.text for sentence in self.sentences if not sentence.carried)

    @property
    def offers_person(self) -> bool:
        """Whether a person should be offered beside the answer."""
        return self.outcome in {"abstained", "handed_off"}
