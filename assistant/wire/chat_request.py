"""OpenAI's request for a chat completion: what of it counts, and what is refused.

The table of all fields stands in docs/api.md. A field that is in no list here has no effect.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from assistant.conversation import Message
from assistant.errors import QuestionError
from assistant.language import Language

MODEL: Final = "routeback"

_TEXT: Final[JsonValue] = {"type": "text"}
_ONE_ANSWER: Final = "There is one answer to a question"
_NO_TOOLS: Final = "No tools are called: answers come from the documents"
_NO_PROBABILITIES: Final = "Probabilities of tokens are not told: an answer may be a quotation"
_TEXT_ALONE: Final = "Answers are text"

REFUSED: Final[Mapping[str, tuple[tuple[JsonValue, ...], str]]] = {
    "n": ((1,), _ONE_ANSWER),
    "stop": (("", []), "An answer ends where it is whole, and cannot be stopped at a text"),
    "tools": (([],), _NO_TOOLS),
    "tool_choice": (("none", "auto"), _NO_TOOLS),
    "functions": (([],), _NO_TOOLS),
    "function_call": (("none", "auto"), _NO_TOOLS),
    "response_format": ((_TEXT,), f"{_TEXT_ALONE} with numbered sources, not JSON"),
    "logprobs": ((False,), _NO_PROBABILITIES),
    "top_logprobs": ((0,), _NO_PROBABILITIES),
    "logit_bias": (
        ({},),
        "Tokens cannot be made likelier: an answer may be a quotation",
    ),
    "audio": ((), _TEXT_ALONE),
    "modalities": (([], ["text"]), _TEXT_ALONE),
    "web_search_options": ((), "The web is not searched: answers come from the documents"),
    "moderation": ((), "What is asked and answered is not moderated by categories"),
}
"""What would change an answer and cannot be had: by field, what asks for nothing, and why not."""

_Tokens = Annotated[int | None, Field(ge=1, le=2**31 - 1)]
_Penalty = Annotated[float | None, Field(ge=-2, le=2)]


class _Part(BaseModel):
    type: Annotated[str, Field(max_length=100)]
    text: str | None = None


class ChatMessage(BaseModel):
    """One message. Parts that are not text may stand in all but the last."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Part] | None = None

    def text(self) -> str:
        """Return the message as one text; of other parts nothing is left."""
        if not isinstance(self.content, list):
            return self.content or ""
        return "\n".join(part.text or "" for part in self.content if part.type == "text")

    def other_parts(self) -> list[str]:
        """Return which kinds of parts it has that are not text."""
        parts = self.content if isinstance(self.content, list) else []
        return sorted({part.type for part in parts} - {"text"})


class Extension(BaseModel):
    """What a client may tell Routeback beyond OpenAI's fields.

    conversation_id: go on with a conversation that Routeback remembers; the messages before
    the last one are then ignored. interface: the page's language, for texts that do not tell.
    keep: go on answering if the connection drops; the rest is at
    ``/v1/conversations/{id}/events``, and ``…/stop`` stops it. Needs ``conversation_id``.
    client_id: made by the client, so that a question that is sent again is not asked twice.
    """

    conversation_id: Annotated[str | None, Field(max_length=64)] = None
    interface: Language = "en"
    keep: bool = False
    client_id: Annotated[str | None, Field(min_length=8, max_length=64)] = None


class _StreamOptions(BaseModel):
    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """OpenAI's request. What is checked here and has no effect: docs/api.md says why."""

    model_config = ConfigDict(extra="ignore")

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    model: Annotated[str, Field(max_length=200)] = MODEL
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    routeback: Extension | None = None

    max_tokens: _Tokens = None
    max_completion_tokens: _Tokens = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(ge=0, le=1)] = None
    frequency_penalty: _Penalty = None
    presence_penalty: _Penalty = None

    n: JsonValue = None
    stop: JsonValue = None
    tools: JsonValue = None
    tool_choice: JsonValue = None
    functions: JsonValue = None
    function_call: JsonValue = None
    response_format: JsonValue = None
    logprobs: JsonValue = None
    top_logprobs: JsonValue = None
    logit_bias: JsonValue = None
    audio: JsonValue = None
    modalities: JsonValue = None
    web_search_options: JsonValue = None
    moderation: JsonValue = None

    @field_validator(*REFUSED)
    @classmethod
    def _asks_for_nothing(cls, value: JsonValue, info: ValidationInfo) -> JsonValue:
        name = info.field_name or ""
        neutral, why = REFUSED[name]
        if value is not None and value not in neutral:
            raise PydanticCustomError("unsupported_value", f"{why}. Leave {name} out.")
        return value

    @property
    def usage(self) -> bool:
        """Whether the end of a stream is to say how many tokens it took."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def question(self) -> str:
        """Return what is asked: the last message.

        Raises:
            QuestionError: it is not the user's, or not text alone.
        """
        last = self.messages[-1]
        if last.role != "user":
            raise QuestionError(f"The last message must be the user's, got one of {last.role!r}.")
        if other := last.other_parts():
            raise QuestionError(f"Only text can be asked, not {', '.join(other)}.")
        return last.text()

    def history(self) -> list[Message]:
        """Return what user and assistant said before, as far as it is text."""
        return [
            {"role": message.role, "content": text}
            for message in self.messages[:-1]
            if message.role in {"user", "assistant"} and (text := message.text()).strip()
        ]


def is_ours(model: str) -> bool:
    """Return whether a name is that of the one model, a provider before it or not."""
    return model.rsplit("/", maxsplit=1)[-1] == MODEL
