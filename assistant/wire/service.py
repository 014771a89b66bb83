"""The service on the wire: people's requests, how it is, and what it says when it fails."""

from typing import Annotated, Literal

from pydantic import Field

from assistant.language import Language
from assistant.wire import RequestBody, View

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
    """A request for a person. conversation_id: None: nothing has been said yet."""

    conversation_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    message: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    contact: Annotated[str, Field(max_length=200)] = ""
    language: Language = "en"


class TicketOpened(View):
    """A ticket that waits for a person."""

    ticket_id: str
    status: str
    conversation_id: str


class ModelStatus(View):
    """Whether a model can write. progress: of fetching it, in [0, 1], None if unknown."""

    model: Literal["ready", "fetching", "starting", "failed"]
    progress: Annotated[float | None, Field(ge=0, le=1)] = None
    message: str = ""


class Alive(View):
    """The process answers."""

    status: Literal["alive"] = "alive"


class ServiceReady(View):
    """Whether questions can be answered, by quoting at least. engine: whether it is up."""

    ready: bool
    knowledge: bool
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
