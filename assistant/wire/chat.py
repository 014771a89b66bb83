"""OpenAI's objects, with one field of ours: ``routeback``."""

from typing import Literal

from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from assistant.wire import View
from assistant.wire.turn import TurnView


class AnsweredCompletion(ChatCompletion):
    """OpenAI's chat completion, and what Routeback says about it."""

    routeback: TurnView


class AnsweredChunk(ChatCompletionChunk):
    """OpenAI's chunk; the last one with a choice says what Routeback knows about the answer."""

    routeback: TurnView | None = None


class ModelsView(View):
    """OpenAI's list of models: one, since which arm answers is the router's decision."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]
