"""A LoRA adapter as a file: what it is, and whether it fits the weights it is to change."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assistant.errors import WeightsError
from assistant.local.header import Header, read
from assistant.local.weights import WeightsStore
from guardrails import digests

CARD: Final = "card.json"
BASE: Final = "routeback.base.sha256"
"""Where ``routeback tune`` writes which weights an adapter was made for."""
_DOWN: Final = ".lora_a"
_UP: Final = ".lora_b"
_EMBEDDING: Final = "token_embd.weight"
_MOST_CARD: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter file that was read. card: of ``routeback tune``, if one lies beside it."""

    path: Path
    sha256: str
    header: Header = field(repr=False)
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def base_sha256(self) -> str:
        """The SHA-256 of the weights that it was trained on, if the file or its card says."""
        return _text(self.header.values.get(BASE)) or _of_card(self.card)


def located(path: Path) -> Path:
    """Return the adapter file that a path names: itself, or the one in a folder of ``tune``.

    Raises:
        WeightsError: there is none, or there are several.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise WeightsError(f"{path} is neither a file nor a folder.")
    paths = sorted(path.glob("*.gguf"))
    named = path / f"{path.resolve().name}.gguf"
    if named in paths or len(paths) == 1:
        return named if named in paths else paths[0]
    names = ", ".join(file.name for file in paths) or "none"
    raise WeightsError(
        f"{path} should hold one adapter, {named.name}; it holds {names}.",
        hint="Name the .gguf file itself.",
    )


def opened(path: Path) -> Adapter:
    """Read an adapter and the card beside it.

    Raises:
        WeightsError: it is not a LoRA adapter in GGUF form.
    """
    header = read(path)
    kind, form = header.values.get("general.type"), header.values.get("adapter.type")
    if kind != "adapter" or form != "lora":
        raise WeightsError(
            f"{path} is not a LoRA adapter: general.type is {kind!r} and adapter.type {form!r}, "
            "expected 'adapter' and 'lora'.",
            hint="Whole models are served by an endpoint: --base-url URL --model M.",
        )
    digest = digests.of_file(path)
    adapter = Adapter(path, digest, header, _card(path.parent / CARD))
    if why := _other_card(adapter):
        raise WeightsError(
            f"The card beside {path} is another adapter's: {why}.",
            hint=f"Put the right {CARD} there, or move the adapter away from it.",
        )
    return adapter


def check(adapter: Adapter, weights: Path, store: WeightsStore) -> None:
    """Refuse an adapter that was made for other weights.

    Raises:
        WeightsError: architecture, a tensor or the base named on the card differs; says which
            weights would fit.
    """
    base = read(weights)
    why = _misfit(adapter, base) or _other_base(adapter, weights, store)
    if why:
        fits = _fitting(adapter, store)
        hint = (
            f"It was made for {fits}: set ROUTEBACK_ENGINE__MODEL={fits}."
            if fits
            else "Set ROUTEBACK_ENGINE__MODEL to the model that it was made for; "
            "'routeback models list' shows those there are."
        )
        raise WeightsError(
            f"{adapter.path.name} does not fit the engine's weights, {weights.name}: {why}.",
            hint=hint,
        )


def _other_card(adapter: Adapter) -> str:
    """Return how the card differs from the file that it should describe, or nothing."""
    about = adapter.card.get("adapter")
    described = _text(about.get("sha256")) if isinstance(about, Mapping) else ""
    if described not in {"", adapter.sha256}:
        return f"it describes a file with SHA-256 {described[:12]}…, this is {adapter.sha256[:12]}…"
    own, named = _text(adapter.header.values.get(BASE)), _of_card(adapter.card)
    if own and named not in {"", own}:
        return f"it names a base with SHA-256 {named[:12]}…, the file names {own[:12]}…"
    return ""


def _of_card(card: Mapping[str, Any]) -> str:
    base = card.get("base")
    return _text(base.get("sha256") if isinstance(base, Mapping) else card.get("base_sha256"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _misfit(adapter: Adapter, base: Header) -> str:
    """Return the first way in which tensors differ, or nothing."""
    architecture = adapter.header.architecture
    if architecture != base.architecture:
        return f"it is for the architecture {architecture}, they have {base.architecture}"
    shapes = adapter.header.shapes
    names = [name.removesuffix(_DOWN) for name in shapes if name.endswith(_DOWN)]
    if not names:
        return "it has no LoRA tensors"
    for name in names:
        down, up = shapes[f"{name}{_DOWN}"], shapes.get(f"{name}{_UP}")
        there = base.shapes.get(name)
        if up is None:
            return f"{name} lacks its second matrix"
        if there is None:
            return f"it changes {name}, which they do not have"
        made_for = (down[0], up[-1]) if name != _EMBEDDING else (up[-1], down[-1])
        if made_for != there[:2] or len({len(down), len(up), 2}) > 1:
            form = "{} × {}"
            return (
                f"{name} is made for {form.format(*made_for)}, theirs is {form.format(*there[:2])}"
            )
    return ""


def _other_base(adapter: Adapter, weights: Path, store: WeightsStore) -> str:
    """Return why it names other weights, as far as it is known which these are, or nothing."""
    named = adapter.base_sha256
    here = next((entry for entry in store.known() if entry.filename == weights.name), None)
    if not named or here is None or named == here.sha256:
        return ""
    return f"it names a base with SHA-256 {named[:12]}…, theirs is {here.sha256[:12]}…"


def _fitting(adapter: Adapter, store: WeightsStore) -> str:
    """Return the name of the known weights that an adapter fits; empty if none that is here."""
    by_card = (weights.name for weights in store.known() if weights.sha256 == adapter.base_sha256)
    by_shape: Iterable[str] = (
        weights.name
        for weights in store.known()
        if store.path(weights).is_file() and not _misfit(adapter, read(store.path(weights)))
    )
    return next(by_card, "") or next(iter(by_shape), "")


def _card(path: Path) -> dict[str, Any]:
    """Return the card, or nothing where there is none that can be read."""
    try:
        if path.stat().st_size > _MOST_CARD:
            return {}
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}
