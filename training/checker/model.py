"""The checker as functions of a dictionary of tensors.

Eight layers of multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672). Passage and claim go
through the lower four by themselves; there each claim token is told where its like is in the
passage (the likeness of tokens of Khattab and Zaharia 2020, arXiv:2004.12832, given to a
cross-encoder); in the upper four a claim reads its passage and itself, a passage only itself. So a
passage is read once for all of its claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch.nn import functional as f

from assistant.local.tokens.__main__ import EmbedderFile

LAYERS, LOWER = 8, 4
WIDTH, HEADS = 384, 12
PAD: Final = 1
SCALARS: Final = 6
SHARPNESS: Final = 20.0
"""By which cosines are multiplied before the softmax over a passage's tokens."""
PIECES: Final = ("q", "k", "v", "ao", "fi", "fo")
NEW: Final = ("align", "claim", "claim_likeness", "token", "token_likeness")

Tensor = Any
Parameters = dict[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Passages and their claims, padded with PAD.

    passages: (n, p) pieces. claims: (m, c) pieces. of: (m,) the passage of each claim.
    """

    passages: Tensor
    claims: Tensor
    of: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """Keys and values of other tokens that may be read as well; seen: which of them are there."""

    keys: Tensor
    values: Tensor
    seen: Tensor


def start(weights: EmbedderFile, kept: list[int], seed: int) -> Parameters:
    """Return the parameters before training: the encoder's own, and new ones (most are 0)."""
    made: Parameters = {
        "word": torch.tensor(weights("emb.word", -1, WIDTH)[kept]),
        "position": torch.tensor(weights("emb.pos", -1, WIDTH).copy()),
        "kind": torch.tensor(weights("emb.type", -1, WIDTH)[0].copy()),
        "emb.ln.w": torch.tensor(weights("emb.ln.w", WIDTH).copy()),
        "emb.ln.b": torch.tensor(weights("emb.ln.b", WIDTH).copy()),
    }
    for layer in range(LAYERS):
        for piece in (*PIECES, "aln", "oln"):
            out, inner = (4 * WIDTH if piece == "fi" else WIDTH, 4 * WIDTH)
            inner = inner if piece == "fo" else WIDTH
            name = f"l{layer}.{piece}"
            shape = (WIDTH,) if piece.endswith("ln") else (out, inner)
            made[f"{name}.w"] = torch.tensor(weights(f"{name}.w", *shape).copy())
            made[f"{name}.b"] = torch.tensor(weights(f"{name}.b", out).copy())
    random = torch.Generator().manual_seed(seed)
    shapes = {"align": (WIDTH, 2 * WIDTH + SCALARS), "claim": (1, 2 * WIDTH), "token": (1, WIDTH)}
    shapes |= {"claim_likeness": (1, SCALARS), "token_likeness": (1, SCALARS)}
    for name, size in shapes.items():
        made[f"{name}.w"] = torch.zeros(size)
        made[f"{name}.b"] = torch.zeros(size[0])
    for name in ("claim", "token"):
        made[f"{name}.w"] = 0.02 * torch.randn(shapes[name], generator=random)
    made["token.b"] -= 1.0
    made["mix"] = torch.tensor(0.5)
    return made


def trained(name: str) -> bool:
    """Whether a parameter changes in training: the upper layers and what is new."""
    return is_new(name) or any(name.startswith(f"l{at}.") for at in range(LOWER, LAYERS))


def is_new(name: str) -> bool:
    """Whether a parameter is not the encoder's."""
    return name == "mix" or name.split(".", maxsplit=1)[0] in NEW


def linear(parameters: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """Apply one affine map."""
    return f.linear(x, parameters[f"{name}.w"], parameters[f"{name}.b"])


def normal(parameters: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """Apply one layer normalisation."""
    return f.layer_norm(x, (WIDTH,), parameters[f"{name}.w"], parameters[f"{name}.b"], 1e-12)


def spread(flat: Tensor, there: Tensor) -> Tensor:
    """Put tokens (t, width) where ``there`` (n, l) says; 0 elsewhere."""
    padded = flat.new_zeros(*there.shape, flat.shape[-1])
    padded[there] = flat
    return padded


def headed(flat: Tensor, there: Tensor) -> Tensor:
    """Return (n, heads, l, width / heads)."""
    apart = spread(flat, there).view(*there.shape, HEADS, WIDTH // HEADS)
    return apart.transpose(1, 2)


def embed(parameters: Mapping[str, Tensor], ids: Tensor, there: Tensor) -> Tensor:
    """Return the states (t, width) below the first layer."""
    places = torch.arange(ids.shape[1]).expand_as(ids)[there]
    summed = parameters["word"][ids[there]] + parameters["position"][places] + parameters["kind"]
    return normal(parameters, "emb.ln", summed)


def keyed(parameters: Mapping[str, Tensor], layer: int, x: Tensor, there: Tensor) -> Beside:
    """Return what other tokens can read of these in a layer."""
    keys, values = (headed(linear(parameters, f"l{layer}.{of}", x), there) for of in "kv")
    return Beside(keys, values, there)


def joined(first: Beside, second: Beside) -> Beside:
    """Return both, side by side."""
    return Beside(
        torch.cat([first.keys, second.keys], 2),
        torch.cat([first.values, second.values], 2),
        torch.cat([first.seen, second.seen], 1),
    )


def through(
    parameters: Mapping[str, Tensor],
    layer: int,
    x: Tensor,
    there: Tensor,
    read: Beside,
    dropped: float = 0.0,
) -> Tensor:
    """Return the states (t, width) above one layer, in which tokens read ``read``."""
    of = f"l{layer}"
    query = headed(linear(parameters, f"{of}.q", x), there)
    # With heads this small, torch's fused attention is three times as slow on a CPU.
    scores = (query * (WIDTH // HEADS) ** -0.5) @ read.keys.transpose(2, 3)
    hidden = ~read.seen[:, None, None, :]
    heard = torch.softmax(scores.masked_fill(hidden, -1e4), -1).to(query.dtype) @ read.values
    flat = heard.transpose(1, 2).reshape(*there.shape, WIDTH)[there]
    told = f.dropout(linear(parameters, f"{of}.ao", flat), dropped)
    x = normal(parameters, f"{of}.aln", x + told)
    wide = f.gelu(linear(parameters, f"{of}.fi", x))
    made = f.dropout(linear(parameters, f"{of}.fo", wide), dropped)
    return normal(parameters, f"{of}.oln", x + made)


def alone(parameters: Mapping[str, Tensor], ids: Tensor, there: Tensor) -> Tensor:
    """Return the states (t, width) of texts by themselves above the lower layers."""
    x = embed(parameters, ids, there)
    for layer in range(LOWER):
        x = through(parameters, layer, x, there, keyed(parameters, layer, x, there))
    return x


def likeness(
    passages: Tensor, claims: Tensor, states: Tensor, told: Tensor, there: Tensor
) -> tuple[Tensor, Tensor]:
    """Return where each claim token finds its like: (m, c, 2 * width) and (m, c, SCALARS).

    passages, claims: pieces (m, p) and (m, c). states, told: their states. The scalars: cosine of
    the nearest token; whether the likes of the token before and after stand beside this one's, in
    [0, 1]; whether the piece, and the pairs with the one before and after, stand in the passage.
    """
    seen = (passages != PAD).to(states.dtype)[..., None]
    mean = (states * seen).sum(1, keepdim=True) / seen.sum(1, keepdim=True)
    near, far = f.normalize(told - mean, dim=-1), f.normalize(states - mean, dim=-1)
    cosines = near @ far.transpose(1, 2)
    hidden = (passages == PAD)[:, None, :]
    cosines = cosines.masked_fill(hidden, -1.0)
    weights = torch.softmax((SHARPNESS * cosines).masked_fill(hidden, -1e4), -1)
    found = weights @ states
    unit = f.normalize(weights, dim=-1)
    beside = (unit[:, :-1, :-1] * unit[:, 1:, 1:]).sum(-1) * there[:, 1:]
    same = claims[:, :, None] == passages[:, None, :]
    same = same & ~hidden
    pair = (same[:, :-1, :-1] & same[:, 1:, 1:]).any(-1).to(beside.dtype)
    one = same.any(-1).to(beside.dtype)
    scalars = [2 * cosines.max(-1).values - 1, f.pad(beside, (1, 0)), f.pad(beside, (0, 1)), one]
    scalars += [f.pad(pair, (1, 0)), f.pad(pair, (0, 1))]
    stacked = torch.stack(scalars, -1) * there[..., None]
    return torch.cat([found - told, 0.1 * found * told], -1), stacked


def forward(
    parameters: Mapping[str, Tensor], batch: Batch, dropped: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Return the logits *supported* (m,) and, of each token, *wrong* (m, c); -30 at padding."""
    passages, claims = batch.passages, batch.claims
    seen, there = passages != PAD, claims != PAD
    with torch.no_grad():
        held = alone(parameters, passages, seen)
        told = alone(parameters, claims, there)
        padded = spread(held, seen)[batch.of].float(), spread(told, there).float()
        with torch.autocast("cpu", enabled=False):
            wide, scalars = likeness(passages[batch.of], claims, *padded, there)
        wide = torch.cat([wide, scalars], -1)[there]
    x = told + linear(parameters, "align", wide)
    for layer in range(LOWER, LAYERS):
        own = keyed(parameters, layer, held, seen)
        around = Beside(own.keys[batch.of], own.values[batch.of], seen[batch.of])
        if layer < LAYERS - 1:
            held = through(parameters, layer, held, seen, own, dropped)
        read = joined(around, keyed(parameters, layer, x, there))
        x = through(parameters, layer, x, there, read, dropped)
    states = spread(x, there).float()
    count = there.sum(1, keepdim=True)
    tokens = linear(parameters, "token", states) + linear(parameters, "token_likeness", scalars)
    wrong = tokens[..., 0].float().masked_fill(~there, -30.0)
    whole = torch.cat([states[:, 0], states.sum(1) / count], -1)
    mean = scalars.sum(1) / count
    claim = linear(parameters, "claim", whole) + linear(parameters, "claim_likeness", mean)
    supported = claim[:, 0].float() - parameters["mix"] * torch.logsumexp(wrong, 1)
    return supported, wrong


def load(path: Path) -> Parameters:
    """Read parameters that ``train`` wrote."""
    kept: Parameters = torch.load(path, weights_only=True)["parameters"]
    return kept
