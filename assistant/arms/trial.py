"""What a new arm has to show before it is taken in: that it is there, fits, and answers."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from assistant.arms.arm import Arm, RemoteArm
from assistant.arms.endpoint.dialect import Dialect
from assistant.arms.identity import Look, Sight, digest
from assistant.conversation import Message
from assistant.errors import ArmError, ArmSpent
from assistant.local.engine import Engine

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_EFFECT: Final = 0.02
"""Largest difference of log-probabilities that is noise: cached and fresh prompts differ so."""
TRIES: Final = 3
QUESTIONS: Final[Mapping[str, str]] = {
    "refund": "In one sentence: what is a refund?",
    "manager": "Name three uses of a password manager.",
    "count": "Write the numbers from one to ten as English words.",
}
_TOKENS: Final = 8
_PROBE_TOKENS: Final = 48
_TRIAL_TOKENS: Final = 1024
"""Enough for a model that reasons before it says a sentence."""
_TIMEOUT_S: Final = 120.0
_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Trial:
    """What a check found: plain values to keep, and what a person should know.

    dialect: what the endpoint takes; None for an adapter.
    """

    about: dict[str, Any]
    warnings: tuple[str, ...] = ()
    dialect: Dialect | None = None


async def adapter(engine: Engine, name: str, strength: float) -> Trial:
    """Compare what the engine says with and without an adapter.

    Raises:
        ArmError: the engine does not answer.
    """
    started = time.monotonic()
    without = await _probabilities(engine, engine.spec.scales(None))
    with_it = await _probabilities(engine, engine.spec.scales(name, strength))
    effect = _distance(without, with_it)
    about = {
        "effect": effect if math.isfinite(effect) else None,
        "other_words": not math.isfinite(effect),
        "seconds": round(time.monotonic() - started, 2),
    }
    if effect > NO_EFFECT:
        return Trial(about)
    warning = (
        f"{name} does not change what the model says (log-probabilities differ by {effect:.3f} at "
        "most on a probe): is it a trained adapter?"
    )
    return Trial(about, (warning,))


async def weights(arm: Arm) -> Trial:
    """Ask an arm with weights of its own one question.

    Raises:
        ArmError: it does not answer.
    """
    started = time.monotonic()
    answer, _ = await _answer(arm, next(iter(QUESTIONS.values())), _TRIAL_TOKENS)
    about = {"seconds": round(time.monotonic() - started, 2), "answer": answer}
    return Trial(about, () if answer.strip() else ("It answered the probe with nothing.",))


async def remote(arm: RemoteArm) -> Trial:
    """Ask an endpoint which models it serves, and one question.

    Raises:
        ArmError: it does not answer.
    """
    warnings = []
    served = await _served(arm.client)
    if served is not None and arm.model not in served:
        names = ", ".join(sorted(served)[:_LISTED]) or "none"
        warnings.append(f"{arm.model} is not among the models that the endpoint lists: {names}.")
    started = time.monotonic()
    answer, thought = await _answer(arm, next(iter(QUESTIONS.values())), _TRIAL_TOKENS)
    seconds = time.monotonic() - started
    if thought:
        warnings.append("It reasons before it answers; answer_tokens is the limit of both.")
    if not answer.strip():
        warnings.append("It answered the probe with nothing.")
    if "temperature" in arm.known.dialect.refused:
        warnings.append(
            "It takes no temperature: its answers are not reproducible, and a change of the model "
            "is seen by the name and the fingerprint of its replies alone."
        )
    about = {
        "lists_its_models": served is not None,
        "seconds": round(seconds, 2),
        "calls_itself": arm.seen.model,
        "fingerprint": arm.seen.fingerprint,
        "answer": answer,
    }
    return Trial(about, tuple(warnings), arm.known.dialect)


async def look(arm: RemoteArm, sight: Sight) -> Look:
    """Ask the probe questions; again where the answer is new or not the known one.

    Raises:
        ArmError: it does not answer; nothing can be said then.
    """
    answers = {}
    for name, question in QUESTIONS.items():
        if sight.answers.get(name) == "":
            continue
        tries = [await _digest(arm, question)]
        if sight.answers.get(name) != tries[0]:
            tries += [await _digest(arm, question) for _ in range(TRIES - 1)]
        answers[name] = tuple(tries)
    if not answers:  # the endpoint must still say what it is
        await _digest(arm, next(iter(QUESTIONS.values())))
    return Look(arm.seen.model, arm.seen.fingerprint, answers)


async def _digest(arm: RemoteArm, question: str) -> str:
    """Return the digest of what comes first, be it reasoning."""
    answer, thought = await _answer(arm, question, _PROBE_TOKENS)
    return digest(thought + answer)


async def _answer(arm: Arm, question: str, tokens: int) -> tuple[str, str]:
    """Return an answer and the reasoning before it."""
    messages: list[Message] = [{"role": "user", "content": question}]
    answer = thought = ""
    pieces = arm.stream(messages, max_tokens=tokens, fresh=True)
    with suppress(ArmSpent):
        async with aclosing(pieces):
            async for piece in pieces:
                answer += piece.text
                thought += piece.thought
    return answer, thought


async def _served(client: "AsyncOpenAI") -> set[str] | None:
    """Return the models that an endpoint lists; None where it does not say."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return {model.id async for model in client.models.list()}
    except Exception:
        return None  # many servers have no such list; the probe says whether it works


async def _probabilities(engine: Engine, scales: list[dict[str, float]]) -> list[dict[str, float]]:
    """Return the log-probabilities of the likeliest tokens at each step of a short answer."""
    endpoint = await engine.endpoint()
    body = {
        "messages": [{"role": "user", "content": QUESTIONS["refund"]}],
        "max_tokens": _TOKENS,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 10,
        "cache_prompt": False,
        "lora": scales,
    }
    headers = {"Authorization": f"Bearer {endpoint.api_key}"}
    try:
        async with httpx.AsyncClient(
            timeout=_TIMEOUT_S,
            headers=headers,
            trust_env=False,
            verify=False,  # noqa: S501  (loopback; as in the engine)
        ) as client:
            reply = await client.post(f"{endpoint.base_url}/chat/completions", json=body)
            reply.raise_for_status()
            steps = reply.json()["choices"][0]["logprobs"]["content"]
            return [{t["token"]: t["logprob"] for t in step["top_logprobs"]} for step in steps]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise ArmError(
            f"The engine did not answer a probe ({type(error).__name__}).", arm="base"
        ) from error


def _distance(one: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]) -> float:
    """Return the largest difference on shared tokens; infinite where other words come first."""
    largest = abs(len(one) - len(other)) * math.inf if len(one) != len(other) else 0.0
    for before, after in zip(one, other, strict=False):
        if max(before, key=before.__getitem__) != max(after, key=after.__getitem__):
            return math.inf
        largest = max(largest, *(abs(before[t] - after[t]) for t in before.keys() & after.keys()))
    return largest
