"""A language model of a few kilobytes with random numbers in it, as the engine loads it."""

from pathlib import Path

import gguf
import numpy as np

LAYERS = 3
HEADS = 4
KV_HEADS = 2
HEAD = 16
WIDTH = HEADS * HEAD
INNER = 96
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def alphabet() -> list[str]:
    """The 256 bytes as the byte-level vocabulary writes them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(spare)) for byte in range(256)]


def write_model(path: Path, architecture: str, *, seed: int = 0, scaling: str = "") -> Path:
    """Write a model of one family; its numbers are large enough to make it opinionated."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_license("cc0-1.0")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    if scaling:
        writer.add_string(f"{architecture}.rope.scaling.type", scaling)
    if architecture == "llama":
        writer.add_rope_dimension_count(HEAD)
    _vocabulary(writer)
    vocabulary = 256 + len(SPECIAL)

    def add(name: str, *shape: int, spread: float = 0.0, centre: float = 0.0) -> None:
        writer.add_tensor(name, rng.normal(centre, spread, shape).astype(np.float32))

    add("token_embd.weight", vocabulary, WIDTH, spread=1.0)
    add("output_norm.weight", WIDTH, centre=1.0, spread=0.1)
    add("output.weight", vocabulary, WIDTH, spread=0.3)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        outputs = {"attn_q": WIDTH, "attn_k": KV_HEADS * HEAD, "attn_v": KV_HEADS * HEAD}
        for name, out in outputs.items():
            add(f"{block}.{name}.weight", out, WIDTH, spread=0.25)
            if architecture == "qwen2":
                add(f"{block}.{name}.bias", out, spread=0.2)
        add(f"{block}.attn_output.weight", WIDTH, WIDTH, spread=0.2)
        add(f"{block}.ffn_gate.weight", INNER, WIDTH, spread=0.15)
        add(f"{block}.ffn_up.weight", INNER, WIDTH, spread=0.15)
        add(f"{block}.ffn_down.weight", WIDTH, INNER, spread=0.15)
        for norm in ("attn_norm", "ffn_norm"):
            add(f"{block}.{norm}.weight", WIDTH, centre=1.0, spread=0.1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _vocabulary(writer: gguf.GGUFWriter) -> None:
    letters = alphabet()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([*letters, *SPECIAL])
    kinds = [gguf.TokenType.NORMAL] * len(letters) + [gguf.TokenType.CONTROL] * len(SPECIAL)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{letters[116]} {letters[104]}"])  # one is needed
    writer.add_eos_token_id(258)
    writer.add_pad_token_id(256)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
