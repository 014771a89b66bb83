"""The service on the wire: people's requests, how it is, and what it says when it fails."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from assistant.language import Language
from assistant.wire import RequestBody, View, visible
from assistant.wire.turn import StandingView

_LONGEST = 4000


class Feedback(RequestBody):
    """A thumb for one answer, with a comment if the person has one."""

    turn_id: Annotated[str, Field(max_length=64)]
    thumb: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=_LONGEST)] = ""


class FeedbackStored(View):
    """A rating is stored."""

    status: Literal["stored"] = "stored"


class NewTicket(RequestBody):
    """A request for a person. conversation_id: None: nothing has been said yet.

    channel: where it comes from. client_id: made by the client, so that sending again opens no
    second one.
    """

    conversation_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    message: Annotated[str, Field(min_length=1, max_length=_LONGEST), AfterValidator(visible)]
    contact: Annotated[str, Field(max_length=200)] = ""
    language: Language = "en"
    channel: Literal["chat", "widget", "api"] = "api"
    client_id: Annotated[str | None, Field(min_length=8, max_length=64)] = None


class TicketOpened(View):
    """A ticket that waits for a person. number: as people call it."""

    ticket_id: str
    number: int
    status: str
    conversation_id: str
    standing: StandingView


class SampleView(View):
    """That the data here are a sample, recorded from the product. now: by the sample's own clock.

    recorded: when the recording ended; from there its clock goes on.
    """

    recorded: AwareDatetime
    now: AwareDatetime


class ModelStatus(View):
    """Whether a model can write. progress: of fetching it, in [0, 1], None if unknown.

    sample: None where the data are a team's own.
    """

    model: Literal["ready", "fetching", "starting", "failed"]
    progress: Annotated[float | None, Field(ge=0, le=1)] = None
    message: str = ""
    sample: SampleView | None = None


class Alive(View):
    """The process answers."""

    status: Literal["alive"] = "alive"


class ServiceReady(View):
    """Whether questions can be answered, by quoting at least.

    knowledge, records: whether there is an index and a database that answer. engine: whether it is
    up; without it there is quoting.
    """

    ready: bool
    knowledge: bool
    records: bool
    engine: bool


class ErrorDetail(View):
    """What went wrong, in OpenAI's shape. param: of the request, if one is to blame."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(View):
    """OpenAI's error object."""

    error: ErrorDetail
