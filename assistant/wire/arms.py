"""The arms on the wire: what is configured or was added, and an arm to add."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from assistant.wire import JsonObject, RequestBody, View
from assistant.wire.guard import StageName

_Text = Annotated[str, Field(min_length=1, max_length=1000)]


class ArmRequest(RequestBody):
    """An arm to add. by: who adds it. adapter: a file on the server's machine.

    unknown_base: take an adapter that does not say which weights it was made for. weights: a name
    of ``routeback models``. instructions: rules that it is told in place of the product's.
    """

    name: _Text
    by: _Text
    adapter: Path | None = None
    ladder: tuple[float, ...] = ()
    base: _Text | None = None
    base_url: _Text | None = None
    model: _Text | None = None
    api_key_env: _Text | None = None
    revision: _Text = "unpinned"
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 120.0
    extra_body: JsonObject = Field(default={})
    unknown_base: bool = False
    weights: _Text | None = None
    instructions: Annotated[str, Field(max_length=20_000)] = ""


class StrengthView(View):
    """A strength of an arm, a candidate of its own. segments: its stage in each."""

    arm: str
    strength: float
    segments: dict[str, StageName]


class ModelSightView(View):
    """What a remote model calls itself, and how it answers what it was asked to be known by.

    answers: digest by question, empty where it varies. changes: when it was changed silently, and
    what was seen of it. missed: changes that did not count, since there are too many.
    """

    pinned: str = ""
    models: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    answers: dict[str, str] = Field(default={})
    epoch: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    missed: int = 0


class DialectView(View):
    """What an endpoint takes. refused: fields that it does not; told: the same for a person."""

    told: str
    refused: tuple[str, ...] = ()
    unopened: bool = False


class ArmView(View):
    """An arm. source: where it is configured. at, by: when and by whom it was added, if it was.

    about: its card and what the checks found. warnings: what a person should know, once added.
    """

    name: str
    kind: Literal["adapter", "remote", "weights", "rules"]
    source: str
    adapter: str | None
    sha256: str | None
    base_url: str | None
    model: str | None
    weights: str | None = None
    instructions: str = ""
    api_key_env: str | None
    revision: str
    by: str | None
    at: datetime | None
    candidates: tuple[StrengthView, ...]
    about: JsonObject = Field(default={})
    sight: ModelSightView | None = None
    dialect: DialectView | None = None
    warnings: tuple[str, ...] = ()


class ArmsView(View):
    """All arms. hidden: names that were added, and that the settings have too."""

    arms: tuple[ArmView, ...]
    hidden: tuple[str, ...] = ()


class ArmRemoved(View):
    """An arm that was taken out, and the candidates that it was."""

    name: str
    removed_by: str
    candidates: tuple[str, ...]
