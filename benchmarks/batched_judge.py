"""Serves the local judge's weights on loopback, many requests in one batch.

The embedded engine reads a judge's prompts at some 26 tokens a second and core and needs about a
minute a score: a thousand scores take two cores a working day. Here torch runs the same weights, as
``tune`` reads them from the same GGUF file, with the bfloat16 matrix instructions of newer server
CPUs, and decodes all requests together. It serves what every judge must: OpenAI chat completions
that obey ``response_format: json_schema``. A tool of the benchmarks, not of the product. Usage, in
an environment that has the extra ``tune`` and ``xgrammar``: ``python benchmarks/batched_judge.py
[PORT]``.
"""

import asyncio
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import uvicorn
import xgrammar
from fastapi import FastAPI
from pydantic import BaseModel
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AutoModelForCausalLM, AutoTokenizer

from assistant.local.catalogue import QWEN_MEDIUM
from assistant.local.weights import WeightsStore
from assistant.progress import Watcher
from assistant.settings import Settings
from assistant.tuning.base import Base, prepare

PORT = 8351
ROWS = 64
"""Requests that are decoded together."""
TOKENS = 3072
"""Of one request, prompt and reply; as the embedded judge has it."""
BEGINNINGS = 12
"""Prompts of which keys and values are kept, for the next one that begins alike."""
WORTH_KEEPING = 300
"""Tokens not seen before, from which on a prompt is kept."""
EVERY_S = 30.0


class Message(BaseModel):
    """One message of a chat."""

    role: str
    content: str


class Request(BaseModel):
    """What is read of a request; decoding is greedy whatever it says."""

    messages: list[Message]
    max_tokens: int = 1024
    response_format: dict[str, Any] = {}


@dataclass(slots=True)
class Turn:
    """A request on its way: its prompt's tokens, its grammar and what was said so far."""

    ids: list[int]
    most: int
    grammar: xgrammar.GrammarMatcher | None
    done: Callable[[], None]
    said: list[int] = field(default_factory=list)
    reason: str = ""


class Kept:
    """Keys and values of all rows, as transformers' layers write and read them.

    Per layer a tensor of shape (rows, heads, tokens, width). Rows in use come first.
    """

    def __init__(self, layers: int, heads: int, width: int) -> None:
        shape = (ROWS, heads, TOKENS, width)
        self.sides = [
            [torch.zeros(shape, dtype=torch.bfloat16) for _ in range(layers)] for _ in "kv"
        ]
        self.row: int | None = None  # the one whose prompt is read; None: one token for each row
        self.at = torch.zeros(0, dtype=torch.long)  # position of the first new token, by row

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, **_: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write what is new and return all that the new tokens may look at."""
        found = []
        for side, new in zip(self.sides, (keys, values), strict=True):
            if self.row is None:
                count, end = len(self.at), int(self.at.max()) + 1
                side[layer][torch.arange(count), :, self.at] = new[:, :, 0]
                found.append(side[layer][:count, :, :end])
            else:
                start = int(self.at[0])
                end = start + new.shape[2]
                side[layer][self.row, :, start:end] = new[0]
                found.append(side[layer][self.row : self.row + 1, :, :end])
        return found[0], found[1]

    def copy(self, row: int, tokens: int) -> torch.Tensor:
        """Return the beginning of a row. Shape (2, layers, heads, tokens, width)."""
        return torch.stack([torch.stack([t[row, :, :tokens] for t in s]) for s in self.sides])

    def paste(self, row: int, beginning: torch.Tensor) -> None:
        """Begin a row with what another has read."""
        for side, part in zip(self.sides, beginning, strict=True):
            for tensor, layer in zip(side, part, strict=True):
                tensor[row, :, : layer.shape[1]] = layer

    def move(self, source: int, target: int, tokens: int) -> None:
        """Put a row where another was."""
        for tensor in (t for side in self.sides for t in side):
            tensor[target, :, :tokens] = tensor[source, :, :tokens]


def grouped(
    _layer: object,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor,
    scaling: float,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Return grouped-query attention without repeating the keys for each head of a group."""
    rows, heads, new, width = query.shape
    groups = key.shape[1]
    asked = query.reshape(rows, groups, heads // groups * new, width)
    seen = mask.repeat(1, 1, heads // groups, 1)
    found = scaled_dot_product_attention(asked, key, value, attn_mask=seen, scale=scaling)
    return found.reshape(rows, heads, new, width).transpose(1, 2), None


class Packed(torch.nn.Module):  # type: ignore[misc]  # no types of torch where these are checked
    """A linear layer whose weights are laid out for the matrix instructions once and for all."""

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(  # noqa: SLF001
            layer.weight.detach(), ROWS
        )
        self.bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the layer would."""
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001
            values, self.packed, self.bias, "none", [], ""
        )
        return found


def pack(module: torch.nn.Module) -> None:
    """Pack all linear layers inside a module."""
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Linear):
            setattr(module, name, Packed(child))
        else:
            pack(child)


class Batch:
    """The model, and the thread that runs it; requests join and leave between two steps."""

    def __init__(self) -> None:
        settings = Settings()
        weights = WeightsStore.of(settings.cache_dir, offline=settings.offline).ready(QWEN_MEDIUM)
        base = Base(QWEN_MEDIUM.name, weights, QWEN_MEDIUM.sha256)
        folder = prepare(base, settings.cache_dir, Watcher(notice=print)).folder
        AttentionInterface.register("grouped", grouped)
        self._model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, attn_implementation="grouped"
        ).eval()
        with torch.inference_mode():
            pack(self._model)
        self._tokenizer = AutoTokenizer.from_pretrained(
            weights.parent, gguf_file=weights.name, local_files_only=True
        )
        shape = self._model.config
        self._end = self._tokenizer.eos_token_id
        self._compiler = xgrammar.GrammarCompiler(
            xgrammar.TokenizerInfo.from_huggingface(
                self._tokenizer, vocab_size=shape.vocab_size, stop_token_ids=[self._end]
            )
        )
        heads = shape.num_key_value_heads
        width = shape.hidden_size // shape.num_attention_heads
        self._kept = Kept(shape.num_hidden_layers, heads, width)
        self._beginnings: list[tuple[list[int], torch.Tensor]] = []
        self._running: list[Turn] = []
        self._waiting: queue.SimpleQueue[Turn] = queue.SimpleQueue()
        self._counts = dict.fromkeys(("replies", "read", "reused", "said"), 0)

    def start(self) -> None:
        """Run until the process ends."""
        threading.Thread(target=self._run, daemon=True).start()

    async def reply(self, request: Request) -> tuple[str, str]:
        """Return the reply's text and why it ended."""
        prompt = self._tokenizer.apply_chat_template(
            [message.model_dump() for message in request.messages],
            add_generation_prompt=True,
            tokenize=False,
        )
        ids = self._tokenizer(prompt, add_special_tokens=False)["input_ids"]
        grammar = None
        if request.response_format.get("type") == "json_schema":
            schema = request.response_format["json_schema"]["schema"]
            compiled = await asyncio.to_thread(self._compiler.compile_json_schema, schema)
            grammar = xgrammar.GrammarMatcher(compiled)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        most = min(request.max_tokens, TOKENS - len(ids))
        if most < 1:
            return "", "length"

        def done() -> None:
            loop.call_soon_threadsafe(ended.set)

        turn = Turn(ids, most, grammar, done)
        self._waiting.put(turn)
        await ended.wait()
        return self._tokenizer.decode(turn.said, skip_special_tokens=True), turn.reason

    def _run(self) -> None:
        with torch.inference_mode():
            self._forever()

    def _forever(self) -> None:
        told = time.monotonic()
        while True:
            while not self._running or (len(self._running) < ROWS and not self._waiting.empty()):
                turn = self._waiting.get()
                self._running.append(turn)
                self._taken([len(self._running) - 1], self._read(turn, len(self._running) - 1))
            if self._running:
                self._taken(range(len(self._running)), self._step())
            if time.monotonic() - told > EVERY_S:
                told = time.monotonic()
                print(f"{len(self._running)} at once; so far {self._counts}", flush=True)

    def _read(self, turn: Turn, row: int) -> torch.Tensor:
        """Read a prompt into a row; return the logits after it. Shape (1, vocabulary)."""
        known, beginning = self._longest(turn.ids)
        if beginning is not None:
            self._kept.paste(row, beginning[:, :, :, :known])
        ids = torch.tensor([turn.ids[known:]])
        new, end = ids.shape[1], len(turn.ids)
        mask = torch.ones(new, end, dtype=torch.bool).tril(known)
        self._kept.row, self._kept.at = row, torch.tensor([known])
        logits = self._logits(ids, torch.arange(known, end)[None], mask[None, None])
        self._counts["read"] += new
        self._counts["reused"] += known
        if new > WORTH_KEEPING:
            self._beginnings.insert(0, (turn.ids, self._kept.copy(row, end)))
            del self._beginnings[BEGINNINGS:]
        return logits

    def _longest(self, ids: Sequence[int]) -> tuple[int, torch.Tensor | None]:
        """Return how much of a prompt has been read before, and its keys and values."""
        best: tuple[int, torch.Tensor | None] = (0, None)
        for read, beginning in self._beginnings:
            length = min(len(read), len(ids) - 1)
            differs = np.asarray(read[:length]) != np.asarray(ids[:length])
            alike = int(differs.argmax()) if differs.any() else length
            best = max(best, (alike, beginning), key=lambda pair: pair[0])
        return best

    def _step(self) -> torch.Tensor:
        """Read the last token of every row; return the logits after it. (rows, vocabulary)."""
        ids = torch.tensor([[turn.said[-1]] for turn in self._running])
        at = torch.tensor([len(turn.ids) + len(turn.said) - 1 for turn in self._running])
        mask = torch.arange(int(at.max()) + 1)[None] <= at[:, None]
        self._kept.row, self._kept.at = None, at
        return self._logits(ids, at[:, None], mask[:, None, None])

    def _logits(self, ids: torch.Tensor, at: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self._model.model(
            input_ids=ids,
            attention_mask={"full_attention": mask},
            position_ids=at,
            cache=self._kept,
            use_cache=False,
        ).last_hidden_state
        found: torch.Tensor = self._model.lm_head(hidden[:, -1]).float()
        return found

    def _taken(self, rows: Sequence[int], logits: torch.Tensor) -> None:
        """Take the likeliest token that the grammar allows, by row; let finished rows go."""
        allowed = xgrammar.allocate_token_bitmask(len(rows), logits.shape[1])
        ruled = []
        for place, row in enumerate(rows):
            if grammar := self._running[row].grammar:
                grammar.fill_next_token_bitmask(allowed, place)
                ruled.append(place)
        if ruled:
            xgrammar.apply_token_bitmask_inplace(logits, allowed, indices=ruled)
        for row, token in zip(rows, logits.argmax(-1).tolist(), strict=True):
            turn = self._running[row]
            turn.said.append(token)
            if turn.grammar:
                turn.grammar.accept_token(token)
            if token == self._end:
                turn.reason = "stop"
            elif len(turn.said) >= turn.most:
                turn.reason = "length"
        for row in reversed(rows):
            if self._running[row].reason:
                self._leave(row)

    def _leave(self, row: int) -> None:
        turn, last = self._running[row], self._running.pop()
        if turn is not last:
            self._kept.move(len(self._running), row, len(last.ids) + len(last.said))
            self._running[row] = last
        self._counts["replies"] += 1
        self._counts["said"] += len(turn.said)
        turn.done()


def served(batch: Batch) -> FastAPI:
    """Return the two routes that a judge's client needs."""
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": QWEN_MEDIUM.name, "object": "model"}]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> dict[str, Any]:
        text, reason = await batch.reply(request)
        message = {"role": "assistant", "content": text}
        return {
            "id": "batched",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": QWEN_MEDIUM.name,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        }

    return app


def main() -> None:
    """Load the weights and serve until stopped."""
    batch = Batch()
    batch.start()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    uvicorn.run(served(batch), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
