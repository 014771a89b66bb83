"""Examples as the tokens that the engine will see when it answers.

The engine itself fills its chat template and cuts the text into tokens, so training and answering
cannot differ in that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import httpx

from assistant.conversation import Message
from assistant.errors import ArmError, TuningError
from assistant.local.engine import Endpoint, Engine, EngineSpec
from assistant.progress import Progress
from assistant.tuning.examples import OTHER, Example
from assistant.tuning.recipe import Recipe
from assistant.turn import prompts
from guardrails import digests

_MARK: Final = "MARKED"
_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Tokenised:
    """One example. Tokens from ``answer_from`` on are learned, the ones before only read."""

    id: str
    tokens: tuple[int, ...]
    answer_from: int


def messages(example: Example, recipe: Recipe) -> list[Message]:
    """Return what a model is asked in this example.

    With passages it is the product's own question; without, the question as it stands.
    """
    language = "en" if example.language == OTHER else example.language
    history = [Message(role=role, content=content) for role, content in example.history]
    if not example.passages:
        return [*history, Message(role="user", content=example.question)]
    each = recipe.passage_characters // max(1, len(example.passages))
    passages = [replace(passage, text=passage.text[:each]) for passage in example.passages]
    query = (example.question, passages, language)
    if recipe.rules and not history:
        return prompts.answer_messages(*query)
    return [*history, prompts.question_message(*query)]


def fingerprint(sequences: Sequence[Tokenised]) -> str:
    """Return the SHA-256 of all tokens, hexadecimal: what is learned, whatever it came from."""
    return digests.of("".join(repr((item.id, item.answer_from, item.tokens)) for item in sequences))


async def tokenised(
    weights: Path,
    examples: Sequence[Example],
    recipe: Recipe,
    log_file: Path,
    progress: Progress,
) -> list[Tokenised]:
    """Return the examples as tokens, each answer with the template's end of turn.

    Raises:
        ArmError: the engine cannot load the weights.
        TuningError: its chat template cannot be used.
    """
    done: list[Tokenised] = []
    async with (
        Engine(EngineSpec(weights, context_tokens=1024), log_file) as engine,
        _Tokens(await engine.endpoint()) as tokens,
    ):
        end = await tokens.end_of_turn()
        for example in examples:
            prompt = await tokens.of_prompt(messages(example, recipe))
            answer = await tokens.of(example.answer, special=False)
            done.append(Tokenised(example.id, (*prompt, *answer, end), len(prompt)))
            progress("tokenising", len(done), len(examples))
    return done


class _Tokens:
    def __init__(self, endpoint: Endpoint) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{endpoint.port}",
            headers={"Authorization": f"Bearer {endpoint.api_key}"},
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    async def of(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of a text. special: control tokens are read as such."""
        body = {"content": text, "add_special": special, "parse_special": special}
        tokens: list[int] = (await self._post("/tokenize", body))["tokens"]
        return tokens

    async def of_prompt(self, said: Sequence[Message]) -> list[int]:
        filled = await self._post("/apply-template", {"messages": list(said)})
        return await self.of(filled["prompt"], special=True)

    async def end_of_turn(self) -> int:
        """Return the token that ends an answer: what the template writes behind one."""
        turn = [{"role": "user", "content": "?"}]
        turns = [*turn, {"role": "assistant", "content": _MARK}, *turn]
        text: str = (await self._post("/apply-template", {"messages": turns}))["prompt"]
        _, marked, behind = text.partition(_MARK)
        tokens = await self._post(
            "/tokenize", {"content": behind, "add_special": False, "parse_special": True}
        )
        if not marked or not tokens["tokens"]:
            raise TuningError(
                "The base's chat template does not show where an answer ends.",
                hint="Take an instruction-tuned base. See docs/tuning.md.",
            )
        return int(tokens["tokens"][0])

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            reply = await self._client.post(path, json=body)
            reply.raise_for_status()
        except httpx.HTTPError as error:
            raise ArmError(
                f"The engine did not cut the examples into tokens: {error}.", arm="base"
            ) from error
        answer: dict[str, Any] = reply.json()
        return answer
