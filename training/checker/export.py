"""Makes the files that are shipped: ``python -m training.checker.export CHECKPOINT``.

The graph takes one passage (p,) and claims (m, c), padded with 1, and does what ``model.forward``
does; weights are int8 by channel. A test compares the two on the pack that is stored beside it.
"""

import argparse
import json
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from assistant.local import checker, tokens
from assistant.local.tokens.__main__ import Graph
from training.checker import model
from training.checker.batch import batch, tokenizer
from training.checker.model import HEADS, LAYERS, LOWER, PAD, SHARPNESS, WIDTH
from training.checker.packs import Claim, Pack
from training.checker.train import beginning

Floats = NDArray[np.float32]
SIZE: Final = WIDTH // HEADS
HIDDEN: Final = np.float32(-1e4)
STORED: Final = Path("tests/local/checker_pack.json")
CLAIMS: Final = (
    "Reports are kept for 25 months.",
    "Reports are kept for 52 months.",
    "Owners cannot export them as CSV under Settings.",
    "Members export them as CSV under Settings.",
    "Berichte werden 25 Monate lang aufbewahrt.",
    "Berichte werden nicht 25 Monate lang aufbewahrt.",
)
PASSAGE: Final = "Reports are kept for 25 months. Owners can export them as CSV under Settings."


class Checker(Graph):
    """The graph, with the parts of ``model`` in it."""

    def __init__(self, parameters: dict[str, Floats]) -> None:
        super().__init__()
        self._parameters = parameters
        self._named: dict[str, str] = {}

    def number(self, value: float) -> str:
        """Add a number."""
        return self.constant(np.float32(value))

    def numbers(self, *values: int) -> str:
        """Add whole numbers: a shape, axes or places."""
        return self.constant(np.array(values, np.int64))

    def weight(self, name: str) -> str:
        """Add a parameter, once; matrices are turned for a product from the left."""
        if name not in self._named:
            value = self._parameters[name]
            turned = name.endswith(".w") and value.ndim > 1
            self._named[name] = self.constant(np.ascontiguousarray(value.T) if turned else value)
        return self._named[name]

    def linear(self, name: str, x: str) -> str:
        """Apply one affine map."""
        return self("Add", self("MatMul", x, self.weight(f"{name}.w")), self.weight(f"{name}.b"))

    def normal(self, name: str, x: str) -> str:
        """Apply one layer normalisation."""
        inputs = (x, self.weight(f"{name}.w"), self.weight(f"{name}.b"))
        return self("LayerNormalization", *inputs, axis=-1, epsilon=1e-12)

    def headed(self, x: str, order: list[int]) -> str:
        """Split states (n, l, width) by heads."""
        return self("Transpose", self("Reshape", x, self.numbers(0, 0, HEADS, SIZE)), perm=order)

    def embed(self, ids: str) -> str:
        """Return states (n, l, width) below the first layer."""
        long = self("Squeeze", self("Shape", ids, start=1, end=2), self.numbers(0))
        zero, one = self.constant(np.int64(0)), self.constant(np.int64(1))
        places = self("Range", zero, long, one)
        word = self("Gather", self.weight("word"), ids)
        position = self("Gather", self.weight("position"), places)
        summed = self("Add", self("Add", word, position), self.weight("kind"))
        return self.normal("emb.ln", summed)

    def keyed(self, layer: int, x: str) -> tuple[str, str]:
        """Return keys (n, heads, size, l) and values (n, heads, l, size)."""
        keys = self.headed(self.linear(f"l{layer}.k", x), [0, 2, 3, 1])
        return keys, self.headed(self.linear(f"l{layer}.v", x), [0, 2, 1, 3])

    def through(
        self,
        layer: int,
        x: str,
        own: tuple[str, str],
        hidden: str = "",
        more: tuple[str, str] = ("", ""),
    ) -> str:
        """Return the states above one layer; ``hidden`` is added to what is heard of its own."""
        of = f"l{layer}"
        query = self.headed(self.linear(f"{of}.q", x), [0, 2, 1, 3])
        query = self("Mul", query, self.number(SIZE**-0.5))
        scores = self("MatMul", query, own[0])
        scores = self("Add", scores, hidden) if hidden else scores
        if more[0]:
            beside = self("MatMul", query, more[0])
            long = self("Shape", beside, start=3, end=4)
            weights = self("Softmax", self("Concat", beside, scores, axis=3), axis=-1)
            first = self("Slice", weights, self.numbers(0), long, self.numbers(3))
            end = self.numbers(2**31)
            second = self("Slice", weights, long, end, self.numbers(3))
            heard = self("Add", self("MatMul", first, more[1]), self("MatMul", second, own[1]))
        else:
            heard = self("MatMul", self("Softmax", scores, axis=-1), own[1])
        flat = self(
            "Reshape", self("Transpose", heard, perm=[0, 2, 1, 3]), self.numbers(0, 0, WIDTH)
        )
        x = self.normal(f"{of}.aln", self("Add", x, self.linear(f"{of}.ao", flat)))
        wide = self("Gelu", self.linear(f"{of}.fi", x))
        return self.normal(f"{of}.oln", self("Add", x, self.linear(f"{of}.fo", wide)))

    def shifted(self, x: str, *axes: int, first: bool) -> str:
        """Leave out the last (first) place of some axes."""
        places = len(axes)
        if first:
            begin, end = self.numbers(*[0] * places), self.numbers(*[-1] * places)
        else:
            begin, end = self.numbers(*[1] * places), self.numbers(*[2**31] * places)
        return self("Slice", x, begin, end, self.numbers(*axes))

    def unit(self, x: str) -> str:
        """Return vectors of length 1, along the last axis."""
        length = self("ReduceL2", x, self.numbers(-1), keepdims=1)
        return self("Div", x, self("Max", length, self.number(1e-12)))

    def beside(self, x: str) -> list[str]:
        """Return (m, c, 1) twice of what is true of neighbours (m, c - 1): before, and after."""
        places = (self.numbers(0, 1, 0, 0), self.numbers(0, 0, 0, 1))
        return [
            self("Unsqueeze", self("Pad", x, place, self.number(0)), self.numbers(2))
            for place in places
        ]

    def likeness(self, ids: tuple[str, str], states: str, told: str, there: str) -> tuple[str, str]:
        """Return what ``model.likeness`` does. ids: passage (1, p) and claims; there: (m, c, 1)."""
        mean = self("ReduceMean", states, self.numbers(1), keepdims=1)
        near, far = self.unit(self("Sub", told, mean)), self.unit(self("Sub", states, mean))
        cosines = self("MatMul", near, self("Transpose", far, perm=[0, 2, 1]))
        weights = self("Softmax", self("Mul", cosines, self.number(SHARPNESS)), axis=-1)
        found = self("MatMul", weights, states)
        unit = self.unit(weights)
        both = self(
            "Mul", self.shifted(unit, 1, 2, first=True), self.shifted(unit, 1, 2, first=False)
        )
        follow = self("ReduceSum", both, self.numbers(2), keepdims=0)
        follow = self(
            "Mul", follow, self("Squeeze", self.shifted(there, 1, first=False), self.numbers(2))
        )
        equal = self(
            "Equal",
            self("Unsqueeze", ids[1], self.numbers(2)),
            self("Unsqueeze", ids[0], self.numbers(1)),
        )
        same = self("Cast", equal, to=TensorProto.FLOAT)
        pairs = self(
            "Mul", self.shifted(same, 1, 2, first=True), self.shifted(same, 1, 2, first=False)
        )
        pair = self("ReduceMax", pairs, self.numbers(2), keepdims=0)
        one = self("ReduceMax", same, self.numbers(2), keepdims=1)
        top = self("ReduceMax", cosines, self.numbers(2), keepdims=1)
        top = self("Sub", self("Mul", top, self.number(2)), self.number(1))
        scalars = self("Concat", top, *self.beside(follow), one, *self.beside(pair), axis=2)
        scalars = self("Mul", scalars, there)
        product = self("Mul", self("Mul", found, told), self.number(0.1))
        return self("Concat", self("Sub", found, told), product, axis=2), scalars


def graph(parameters: dict[str, Floats]) -> onnx.ModelProto:
    """Return the model: passage (p,) and claims (m, c) to supported (m,) and wrong (m, c)."""
    g = Checker(parameters)
    passage = g("Unsqueeze", "passage", g.numbers(0))
    pad = g("Equal", "claims", g.constant(np.int64(PAD)))
    flat = g("Sub", g.number(1), g("Cast", pad, to=TensorProto.FLOAT))
    there = g("Unsqueeze", flat, g.numbers(2))
    hidden = g("Mul", g("Cast", pad, to=TensorProto.FLOAT), g.constant(HIDDEN))
    hidden = g("Unsqueeze", hidden, g.numbers(1, 2))
    held, x = g.embed(passage), g.embed("claims")
    for layer in range(LOWER):
        held = g.through(layer, held, g.keyed(layer, held))
        x = g.through(layer, x, g.keyed(layer, x), hidden)
    wide, scalars = g.likeness((passage, "claims"), held, x, there)
    x = g("Add", x, g.linear("align", g("Concat", wide, scalars, axis=2)))
    for layer in range(LOWER, LAYERS):
        around = g.keyed(layer, held)
        if layer < LAYERS - 1:
            held = g.through(layer, held, around)
        x = g.through(layer, x, g.keyed(layer, x), hidden, around)
    tokens_ = g("Add", g.linear("token", x), g.linear("token_likeness", scalars))
    wrong = g("Where", pad, g.number(-30), g("Squeeze", tokens_, g.numbers(2)))
    count = g("ReduceSum", flat, g.numbers(1), keepdims=1)
    first = g("Squeeze", g("Slice", x, g.numbers(0), g.numbers(1), g.numbers(1)), g.numbers(1))
    summed = g("ReduceSum", g("Mul", x, there), g.numbers(1), keepdims=0)
    whole = g("Concat", first, g("Div", summed, count), axis=1)
    mean = g("Div", g("ReduceSum", scalars, g.numbers(1), keepdims=0), count)
    claim = g("Add", g.linear("claim", whole), g.linear("claim_likeness", mean))
    worst = g("ReduceLogSumExp", wrong, g.numbers(1), keepdims=1)
    supported = g("Sub", claim, g("Mul", worst, g.weight("mix")))
    g.nodes.append(helper.make_node("Squeeze", [supported, g.numbers(1)], ["supported"]))
    g.nodes.append(helper.make_node("Identity", [wrong], ["wrong"]))
    inputs = [
        helper.make_tensor_value_info("passage", TensorProto.INT64, ["p"]),
        helper.make_tensor_value_info("claims", TensorProto.INT64, ["m", "c"]),
    ]
    outputs = [
        helper.make_tensor_value_info("supported", TensorProto.FLOAT, ["m"]),
        helper.make_tensor_value_info("wrong", TensorProto.FLOAT, ["m", "c"]),
    ]
    body = helper.make_graph(g.nodes, "checker", inputs, outputs, g.constants)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def whole(checkpoint: Path) -> dict[str, model.Tensor]:
    """Return all parameters: those before training, and what was trained."""
    return beginning(0) | model.load(checkpoint)


def written(parameters: dict[str, model.Tensor], target: Path) -> Path:
    """Write the model, int8 by channel."""
    exact = {name: one.detach().float().numpy() for name, one in parameters.items()}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "exact.onnx"
        onnx.save(graph(exact), file)
        quantize_dynamic(
            file,
            target,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
        )
    return target


def stored(parameters: dict[str, model.Tensor]) -> dict[str, object]:
    """Return a pack with what the trained model makes of it, for a test without torch."""
    claims = tuple(Claim(text, True, "stored", "en", ()) for text in CLAIMS)
    labelled = batch([Pack(PASSAGE, "en", "stored", claims)], tokenizer())
    with torch.no_grad():
        supported, wrong = model.forward(parameters, labelled.batch)
    return {
        "passage": PASSAGE,
        "claims": list(CLAIMS),
        "supported": [round(one, 4) for one in supported.tolist()],
        "wrong": [[round(one, 4) for one in row] for row in wrong.tolist()],
    }


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parameters = whole(parser.parse_args().checkpoint)
    written(parameters, checker.MODEL)
    copyfile(tokens.TOKENIZER, checker.TOKENIZER)
    STORED.write_text(json.dumps(stored(parameters), ensure_ascii=False, indent=1) + "\n")
    sums = [
        f"{sha256(one.read_bytes()).hexdigest()}  {one.name}\n"
        for one in (checker.MODEL, checker.TOKENIZER)
    ]
    (checker.HERE / "SHA256SUMS").write_text("".join(sums))
    print(f"{checker.MODEL.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
