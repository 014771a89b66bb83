"""The demo's own data folder: its settings, as an object and as the file that commands read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from assistant import sample
from assistant.errors import ServerError, SettingsError
from assistant.running import find
from assistant.settings import (
    ArmSettings,
    EngineSettings,
    GuardSettings,
    JudgeSettings,
    KnowledgeSettings,
    Settings,
)

CANDIDATES: Final = ("marketing-copy", "support-tone")
LADDER: Final = (0.5, 0.25)
MODEL: Final = "qwen2.5-coder-0.5b-instruct"
"""A third of the size of the default: on two cores, pairs come in seconds."""
CONFIG: Final = "routeback.toml"
GUARD: Final = GuardSettings(
    false_alarms=0.05,
    false_promotions=0.1,
    horizon=100,
    tolerance=0.05,
    min_pairs=12,
    min_conversations=0,
    min_days=0,
    catastrophe=0,
    margins={},
    families=(),
)
"""A careful owner asks for more: the demo has a quarter of an hour. No certificate is asked for:
it shows what pairs do, on a measure that is looked at elsewhere (docs/attack.md)."""
KNOWLEDGE: Final = KnowledgeSettings(passages=1, passage_characters=1000)
ANSWER_TOKENS: Final = 100

_OLD: Final = ("routeback.sqlite", "conversations.sqlite", "work.sqlite")


def adapters(root: Path | None = None) -> dict[str, Path]:
    """Return the LoRA file of each sample candidate.

    Raises:
        SettingsError: one is not there.
    """
    folder = root or Path(str(sample.VECTORS)).parent / "adapters"
    paths = {name: folder / name / f"{name}.gguf" for name in CANDIDATES}
    if missing := [str(path) for path in paths.values() if not path.is_file()]:
        raise SettingsError(
            f"The demo's tuned models are not there: {', '.join(missing)}.",
            hint="They come with the package; in a clone, look whether the files were fetched.",
        )
    return paths


def settings_of(
    settings: Settings, files: Mapping[str, Path], ladder: tuple[float, ...] = LADDER
) -> Settings:
    """Return the demo's settings: a folder of its own in the user's data folder.

    files: LoRA by candidate. ladder: lower strengths, each an arm of its own.
    """
    arms = tuple(
        ArmSettings(name=name, adapter=path.resolve(), ladder=(1.0, *ladder))
        for name, path in files.items()
    )
    return settings.model_copy(
        update={
            "data_dir": (settings.data_dir / "demo").resolve(),
            "base": "embedded",
            "arms": arms,
            "engine": settings.engine.model_copy(
                update={"model": MODEL, "slots": EngineSettings().slots}
            ),
            "knowledge": KNOWLEDGE,
            "judge": JudgeSettings(),
            "guard": GUARD,
            "segments_file": None,
            "answer_tokens": ANSWER_TOKENS,
        }
    )


def prepare(settings: Settings) -> None:
    """Empty the folder of an earlier demo's records, and write its settings file.

    Raises:
        ServerError: a server runs on it, or it cannot be written.
    """
    folder = settings.data_dir
    if running := find(folder):
        raise ServerError(
            f"A server of the demo's folder runs: {running.url} (process {running.pid}).",
            hint="Stop it: the demo starts with an empty record.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _OLD:
            for ending in ("", "-wal", "-shm"):
                (folder / f"{name}{ending}").unlink(missing_ok=True)
        (folder / CONFIG).write_text(toml(settings), encoding="utf-8")
    except OSError as error:
        raise ServerError(
            f"The demo's folder {folder} cannot be written ({error.strerror or error}).",
            hint="Set ROUTEBACK_DATA_DIR to another folder.",
        ) from error


def toml(settings: Settings) -> str:
    """Return a settings file that makes the same demo, all but the data folder."""
    lines = [
        "# Written by `routeback demo`.",
        *_values({"base": settings.base, "answer_tokens": settings.answer_tokens}),
    ]
    sections = {
        "engine": settings.engine,
        "knowledge": settings.knowledge,
        "guard": settings.guard,
    }
    for name, section in sections.items():
        lines += ["", f"[{name}]", *_values(section.model_dump(mode="json", exclude_defaults=True))]
    for arm in settings.arms:
        lines += ["", "[[arms]]", *_values(arm.model_dump(mode="json", exclude_defaults=True))]
    return "\n".join(lines) + "\n"


def _values(values: Mapping[str, Any]) -> list[str]:
    # A JSON string, number, list or boolean is a TOML one too.
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
