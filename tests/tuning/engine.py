"""What the engine and torch think of the next token, in numbers."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np

from assistant.local.engine import Engine, EngineSpec
from tests.tuning.tiny import SPECIAL

VOCABULARY = 256 + len(SPECIAL)
LETTER = 97


def engine_log_probabilities(
    spec: EngineSpec, asked: Sequence[tuple[Sequence[int], str | None, float]], log: Path
) -> np.ndarray:
    """Log-probabilities of every next token. asked: (tokens, adapter, strength)."""
    return asyncio.run(_ask(spec, asked, log))


async def _ask(spec, asked, log):
    rows = []
    async with Engine(spec, log) as engine:
        at = await engine.endpoint()
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{at.port}",
            headers={"Authorization": f"Bearer {at.api_key}"},
            timeout=60,
            trust_env=False,
        ) as client:
            for tokens, adapter, strength in asked:
                body = {
                    "prompt": list(tokens),
                    "n_predict": 1,
                    "n_probs": VOCABULARY,
                    "temperature": 0,
                    "cache_prompt": False,
                    # Sampled is a letter: half a character or an end would give no numbers.
                    "logit_bias": [[LETTER, 1000.0]],
                    "lora": spec.scales(adapter, strength),
                }
                reply = (await client.post("/completion", json=body)).raise_for_status().json()
                row = np.full(VOCABULARY, -np.inf)
                for one in reply["completion_probabilities"][0]["top_logprobs"]:
                    row[one["id"]] = one["logprob"]
                rows.append(row)
    return np.stack(rows)


def torch_log_probabilities(torch, folder: Path, asked, peft: Path | None = None) -> np.ndarray:
    """The same from transformers, with the adapter of a PEFT folder if one is given."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if peft is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, peft)
    rows = []
    with torch.no_grad():
        for tokens in asked:
            scores = model(input_ids=torch.tensor([list(tokens)])).logits[0, -1]
            rows.append(torch.log_softmax(scores, -1).numpy())
    return np.stack(rows)
