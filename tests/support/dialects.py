"""Doubles of endpoints, each as strict as its documentation says the real one is.

They refuse what those refuse, in the words and the shape that those use, and reply with what those
add. The pages are named at each. What they answer is the first sentence of the first passage; what
they think before it is a sentence that would pass the check, so that it shows where it leaks.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.support.endpoint import first_sentence
from tests.support.listening import listening

THOUGHT: Final = "A long word is often several tokens."
KEY: Final = "the-key-of-the-double"
Json = dict[str, Any]


@dataclass(frozen=True)
class Refusal(Exception):
    """What is said in place of an answer."""

    status: int
    body: Any


@dataclass
class Double:
    """An endpoint of OpenAI's own kind: takes all, and ends with its count of tokens.

    says: after the last request's messages. finish: the reason to end. pause_s: before each event.
    refused: how many requests. taken: the bodies of the others.
    """

    told: ClassVar[str] = "takes max_tokens, temperature 0"
    path: ClassVar[str] = "/v1"

    says: Callable[[list[Json]], str] = first_sentence
    finish: str = "stop"
    pause_s: float = 0.0
    url: str = ""
    refused: int = 0
    taken: list[Json] = field(default_factory=list)

    def check(self, body: Json, request: Request) -> None:
        """Refuse a request, or let it pass.

        Raises:
            Refusal: it is refused.
        """
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise openai_error("Incorrect API key provided: sk-1***9.", 401, "invalid_api_key")

    def deltas(self, text: str) -> Iterator[Json]:
        """Yield the deltas of an answer."""
        yield {"role": "assistant", "content": ""}
        yield from ({"content": piece} for piece in pieces(text))

    def choice(self, delta: Json | None, finish: str | None) -> Json:
        """Return the one choice of an event."""
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}

    def frame(self, body: Json) -> Json:
        """Return what all events have."""
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": body["model"],
        }

    def usage(self, body: Json) -> Json | None:
        """Return the count of tokens, if it is sent."""
        wanted = (body.get("stream_options") or {}).get("include_usage")
        counted = {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960}
        return counted if wanted else None

    async def events(self, body: Json) -> AsyncIterator[str]:
        """Yield the lines of a stream."""
        frame, text = self.frame(body), self.says(body["messages"])
        for delta in self.deltas(text):
            await asyncio.sleep(self.pause_s)
            yield line({**frame, "choices": [self.choice(delta, None)]})
        yield line({**frame, "choices": [self.choice({}, self.finish)]})
        if usage := self.usage(body):
            yield line({**frame, "choices": [], "usage": usage})
        yield "data: [DONE]\n\n"

    def whole(self, body: Json) -> Json:
        """Return the answer to a request that wants no stream."""
        message = {"role": "assistant", "content": self.says(body["messages"])}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return {**self.frame(body), "object": "chat.completion", "choices": [choice]}

    def reply(self, body: Json) -> Response:
        """Return the reply to a request that is taken."""
        if not body.get("stream"):
            return JSONResponse(self.whole(body))
        return StreamingResponse(self.events(body), media_type="text/event-stream")


def pieces(text: str, size: int = 5) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def line(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def openai_error(
    message: str, status: int = 400, code: str | None = None, param: str | None = None
) -> Refusal:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Refusal(status, {"error": error})


def roles(body: Json) -> list[str]:
    return [message["role"] for message in body["messages"]]


class OpenAIReasoning(Double):
    """platform.openai.com/docs/guides/reasoning, api-reference/chat/create: ``max_tokens`` is
    deprecated and not for these models, ``temperature`` only its default; a limit of both
    reasoning and answer, and reasoning that is counted and not sent."""

    told = "takes max_completion_tokens, no temperature"

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        if "max_tokens" in body:
            raise openai_error(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                code="unsupported_parameter",
                param="max_tokens",
            )
        if (given := body.get("temperature", 1)) != 1:
            raise openai_error(
                f"Unsupported value: 'temperature' does not support {given} with this model. Only "
                "the default (1) value is supported.",
                code="unsupported_value",
                param="temperature",
            )

    def usage(self, body: Json) -> Json | None:
        counted = super().usage(body)
        return counted and {**counted, "completion_tokens_details": {"reasoning_tokens": 48}}


class OpenAIMini(OpenAIReasoning):
    """The same guide, of o1-mini: no system and no developer message."""

    told = "takes max_completion_tokens, no temperature; system text goes into the first question"

    def check(self, body: Json, request: Request) -> None:
        for role in ("system", "developer"):
            if role in roles(body):
                raise openai_error(
                    f"Unsupported value: 'messages[0].role' does not support '{role}' with this "
                    "model.",
                    code="unsupported_value",
                    param="messages[0].role",
                )
        super().check(body, request)


class Azure(Double):
    """learn.microsoft.com/azure/ai-services/openai: reference, concepts/content-filter. The key in
    ``api-key``, the version in the query; the verdict on the prompt comes first, without a choice,
    that on the answer with each; older versions know no ``stream_options``."""

    told = (
        "takes max_tokens, temperature 0, no stream_options; the key goes into the header api-key"
    )
    path = "/openai/deployments/answers?api-version=2024-06-01"

    def check(self, body: Json, request: Request) -> None:
        if request.query_params.get("api-version") != "2024-06-01":
            raise Refusal(404, {"error": {"code": "404", "message": "Resource not found"}})
        if request.headers.get("api-key") != KEY or "authorization" in request.headers:
            said = (
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure to "
                "provide a valid key for an active subscription."
            )
            raise Refusal(401, {"error": {"code": "401", "message": said}})
        if "stream_options" in body:
            raise openai_error("Unrecognized request argument supplied: stream_options")

    def choice(self, delta: Json | None, finish: str | None) -> Json:
        safe = {"hate": {"filtered": False, "severity": "safe"}}
        return {**super().choice(delta, finish), "content_filter_results": safe if delta else {}}

    async def events(self, body: Json) -> AsyncIterator[str]:
        results = [{"prompt_index": 0, "content_filter_results": {}}]
        yield line({"id": "", "model": "", "choices": [], "prompt_filter_results": results})
        async for event in super().events(body):
            yield event


class VllmGemma(Double):
    """docs.vllm.ai/en/latest/serving/openai_compatible_server: errors are flat; what the model's
    chat template raises is one of them, and Gemma's knows no system role. ``stop_reason`` is
    added to each choice."""

    told = "takes max_tokens, temperature 0; system text goes into the first question"

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        if "system" in roles(body):
            self._refuse("System role not supported")
        if roles(body) != [("user", "assistant")[n % 2] for n in range(len(body["messages"]))]:
            self._refuse("Conversation roles must alternate user/assistant/user/assistant/...")

    @staticmethod
    def _refuse(message: str) -> None:
        error = {"object": "error", "message": message, "type": "BadRequestError"}
        raise Refusal(400, {**error, "param": None, "code": 400})

    def choice(self, delta: Json | None, finish: str | None) -> Json:
        return {**super().choice(delta, finish), "stop_reason": None}


class VllmReasoning(Double):
    """docs.vllm.ai/en/latest/features/reasoning_outputs: the reasoning in a field of its own,
    ``reasoning_content`` and later ``reasoning``, while ``content`` is null."""

    def deltas(self, text: str) -> Iterator[Json]:
        yield {"role": "assistant", "content": None}
        for number, piece in enumerate(pieces(THOUGHT)):
            yield {("reasoning_content", "reasoning")[number % 2]: piece, "content": None}
        yield from ({"content": piece} for piece in pieces(text))


class VllmUnparsed(Double):
    """The same page, without ``--reasoning-parser``, for a model whose template opens the
    reasoning: the text begins in it, and only its end is marked."""

    told = "takes max_tokens, temperature 0; answers begin inside the reasoning"

    def deltas(self, text: str) -> Iterator[Json]:
        yield from ({"content": piece} for piece in pieces(f"{THOUGHT}\n</think>\n\n{text}"))


class Mistral(Double):
    """docs.mistral.ai/api and capabilities/reasoning: strict about fields (422, pydantic's list
    within a message), reasoning as a part of the content, ``model_length`` as a reason to end."""

    told = "takes max_tokens, temperature 0, no stream_options"
    fields: ClassVar = {"model", "messages", "max_tokens", "temperature", "stream", "random_seed"}

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        if extra := [name for name in body if name not in self.fields]:
            detail = [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", name],
                    "msg": "Extra inputs are not permitted",
                    "input": body[name],
                }
                for name in extra
            ]
            error = {"object": "error", "message": {"detail": detail}, "param": None, "code": None}
            raise Refusal(422, {**error, "type": "invalid_request_error"})

    def deltas(self, text: str) -> Iterator[Json]:
        for piece in pieces(THOUGHT):
            part = {"type": "thinking", "thinking": [{"type": "text", "text": piece}]}
            yield {"content": [part]}
        yield {"content": [{"type": "text", "text": text[:6]}]}
        yield {"content": text[6:]}


class Ollama(Double):
    """docs.ollama.com/openai and /thinking: thinking in ``reasoning``; errors with a text."""

    def deltas(self, text: str) -> Iterator[Json]:
        yield from ({"content": "", "reasoning": piece} for piece in pieces(THOUGHT))
        yield from ({"content": piece} for piece in pieces(text))


class LlamaCpp(Double):
    """github.com/ggml-org/llama.cpp/tools/server: ``reasoning_content``, ``timings`` at the end."""

    def deltas(self, text: str) -> Iterator[Json]:
        yield {"role": "assistant", "content": None}
        yield {"reasoning_content": THOUGHT}
        yield from ({"content": piece} for piece in pieces(text))

    def usage(self, body: Json) -> Json | None:
        counted = super().usage(body)
        return counted and {**counted, "timings": {"predicted_n": 60}}


class LmStudio(Double):
    """lmstudio.ai/docs/app/api/endpoints/openai: models that mark their reasoning in the text."""

    def deltas(self, text: str) -> Iterator[Json]:
        whole = f"<think>\n{THOUGHT}\n</think>\n\n{text}"
        yield from ({"content": piece} for piece in pieces(whole, 3))


class DeepSeek(Double):
    """api-docs.deepseek.com: guides/reasoning_model, quick_start/rate_limit (comments keep the
    connection), create-chat-completion (``insufficient_system_resource``)."""

    def deltas(self, text: str) -> Iterator[Json]:
        yield from ({"content": None, "reasoning_content": piece} for piece in pieces(THOUGHT))
        yield from ({"content": piece, "reasoning_content": None} for piece in pieces(text))

    async def events(self, body: Json) -> AsyncIterator[str]:
        yield ": keep-alive\n\n"
        async for event in super().events(body):
            yield event
            yield ": keep-alive\n\n"


class OpenRouter(Double):
    """openrouter.ai/docs/api-reference/streaming, use-cases/reasoning-tokens: comments, and the
    reasoning twice, as a text and in ``reasoning_details``."""

    def deltas(self, text: str) -> Iterator[Json]:
        for piece in pieces(THOUGHT):
            detail = {"type": "reasoning.text", "text": piece, "format": "unknown", "index": 0}
            yield {"content": "", "reasoning": piece, "reasoning_details": [detail]}
        yield from ({"content": piece} for piece in pieces(text))

    async def events(self, body: Json) -> AsyncIterator[str]:
        yield ": OPENROUTER PROCESSING\n\n"
        yield ": OPENROUTER PROCESSING\n\n"
        async for event in super().events(body):
            yield event


class LiteLlm(Double):
    """docs.litellm.ai/docs/completion/drop_params, exception_mapping: what the provider behind it
    refuses is told in one text, with ``None`` as a word where a field is not known."""

    told = "takes max_completion_tokens, no temperature"

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        said = ""
        if "temperature" in body:
            said = (
                "litellm.UnsupportedParamsError: gpt-5 models (including codex) don't support "
                "temperature=0.0. Only temperature=1 is supported. To drop unsupported params set "
                "`litellm.drop_params = True`. Received Model Group=answers"
            )
        elif "max_tokens" in body:
            inner = {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                "param": "max_tokens",
            }
            said = f"litellm.BadRequestError: OpenAIException - {json.dumps({'error': inner})}"
        if said:
            error = {"message": said, "type": "None", "param": "None", "code": "400"}
            raise Refusal(400, {"error": error})


class Google(Double):
    """ai.google.dev/gemini-api/docs/openai: errors come in a list; Gemma takes no instruction."""

    told = "takes max_tokens, temperature 0; system text goes into the first question"

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        if {"system", "developer"} & set(roles(body)):
            said = "Developer instruction is not enabled for models/gemma-3-27b-it"
            error = {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}
            raise Refusal(400, [{"error": error}])


@dataclass
class Tgi(Double):
    """huggingface.co/docs/text-generation-inference: a temperature is strictly positive; errors
    are a text with a type; ``eos_token`` as a reason to end."""

    told = "takes max_tokens, no temperature"
    finish: str = "eos_token"

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        if body.get("temperature") == 0:
            said = "Input validation error: `temperature` must be strictly positive"
            raise Refusal(422, {"error": said, "error_type": "validation"})


class GptOss(Double):
    """cookbook.openai.com/articles/openai-harmony, from a server that does not know the format."""

    def deltas(self, text: str) -> Iterator[Json]:
        whole = (
            f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final"
            f"<|message|>{text}<|return|>"
        )
        yield from ({"content": piece} for piece in pieces(whole, 4))


class OneBody(Double):
    """A gateway that collects the answer: one JSON body, also where a stream was asked for."""

    def reply(self, body: Json) -> Response:
        return JSONResponse(self.whole(body))


class NoStream(Double):
    """A gateway that cannot stream and says so, in FastAPI's shape (fastapi.tiangolo.com)."""

    told = "takes no limit of tokens, temperature 0, no stream"

    def check(self, body: Json, request: Request) -> None:
        super().check(body, request)
        if body.get("stream"):
            raise Refusal(400, {"detail": "Streaming is not supported by this deployment."})
        for name in ("max_tokens", "max_completion_tokens"):
            if name in body:
                said = "Extra inputs are not permitted"
                where = {"type": "extra_forbidden", "loc": ["body", name], "msg": said}
                raise Refusal(422, {"detail": [where]})


DOUBLES: Final[tuple[type[Double], ...]] = (
    *(Double, OpenAIReasoning, OpenAIMini, Azure, VllmGemma, VllmReasoning, VllmUnparsed, Mistral),
    *(Ollama, LlamaCpp, LmStudio, DeepSeek, OpenRouter, LiteLlm, Google, Tgi, GptOss, OneBody),
    NoStream,
)


@contextmanager
def serving(double: Double) -> Iterator[Double]:
    app = FastAPI()

    @app.post(f"{double.path.partition('?')[0]}/chat/completions")
    async def complete(request: Request) -> Response:
        body = await request.json()
        try:
            double.check(body, request)
        except Refusal as refusal:
            double.refused += 1
            return JSONResponse(refusal.body, refusal.status)
        double.taken.append(body)
        return double.reply(body)

    with listening(app) as address:
        double.url = f"{address}{double.path}"
        yield double
