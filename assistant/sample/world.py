"""A small world that the product made itself: a recording that is opened in a folder of its own.

Nothing in it is rewritten when it is opened, so that what is chained and replayed stays whole.
Instead the clock of the process goes behind the wall: it stands at the end of the recording when
the world is first opened, and goes on from there.
"""

import json
import lzma
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

from assistant.errors import ServerError
from assistant.folders import private_file, private_folder
from assistant.records.database import RECORDS
from assistant.settings import (
    AnswerSettings,
    ArmSettings,
    EvalSettings,
    GuardSettings,
    JudgeSettings,
    KnowledgeSettings,
    Settings,
)

FOLDER: Final = "sample"
"""Of a data folder, in which the world is opened."""
RECORDING: Final = Path(str(files(__name__.rpartition(".")[0]))) / "world"
"""Where the recording comes along: the database, and when it ended."""
DATABASE: Final = "routeback.sqlite.xz"
END: Final = "recorded.json"
MARK: Final = "sample.json"
"""In a data folder, what says that its data are a sample."""
WRITERS: Final = {
    "base": "sample-base-1",
    "marketing-copy": "sample-marketing-2",
    "support-tone": "sample-tone-1",
}
"""The models that answer in it, by revision: scripts, see ``assistant.sample.writers``."""
GUARD: Final = GuardSettings(
    false_alarms=0.05,
    false_promotions=0.1,
    horizon=100,
    tolerance=0.05,
    min_pairs=12,
    min_conversations=5,
    min_days=2,
    catastrophe=0,
    margins={},
    families=(),
    probe_every_s=0,
)
"""A careful owner asks for more: the world is twelve days long."""


@dataclass(frozen=True, slots=True)
class SampleWorld:
    """That a folder's data are a sample. recorded: when it ended. opened: first, by the wall."""

    recorded: datetime
    opened: datetime

    @property
    def behind(self) -> timedelta:
        """How far its clock is behind the wall; negative where that is wrong."""
        return self.opened - self.recorded

    def wall(self) -> float:
        """Return its time, in seconds since 1970."""
        return time.time() - self.behind.total_seconds()

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Return the sample that a data folder holds, if it holds one."""
        try:
            values = json.loads((folder / MARK).read_text("utf-8"))
            moments = {
                name: datetime.fromisoformat(values[name]) for name in ("recorded", "opened")
            }
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return cls(**moments)


def unpacked(folder: Path, recording: Path = RECORDING) -> SampleWorld:
    """Open the world in a folder; one that was opened before goes on.

    Raises:
        ServerError: other data are in the folder, or it cannot be written.
    """
    database = folder / RECORDS
    try:
        private_folder(folder)
        sample = SampleWorld.of(folder)
        if sample is None:
            if database.exists():
                raise ServerError(
                    f"{folder} holds data that are no sample.",
                    hint="The sample is opened in a folder of its own: move this one away.",
                )
            recorded = datetime.fromisoformat(_end(recording))
            sample = SampleWorld(recorded, datetime.now(UTC))
            told = {name: value.isoformat() for name, value in asdict(sample).items()}
            private_file(folder / MARK).write_text(json.dumps(told), "utf-8")
        if not database.exists():
            part = private_file(database.with_suffix(".part"))
            part.write_bytes(lzma.decompress((recording / DATABASE).read_bytes()))
            part.replace(database)
    except OSError as error:
        raise ServerError(
            f"The sample cannot be opened in {folder} ({error.strerror or error}).",
            hint="Set ROUTEBACK_DATA_DIR to another folder.",
        ) from error
    return sample


def _end(recording: Path) -> str:
    values: dict[str, Any] = json.loads((recording / END).read_text("utf-8"))
    return str(values["recorded"])


def settings_of(settings: Settings, folder: Path, writers: str) -> Settings:
    """Return the settings that the world was recorded with. writers: where its models answer."""
    return settings.model_copy(
        update={
            "data_dir": folder,
            "database_url": None,
            "base": "auto",
            "openai_base_url": None,
            "openai_api_key": None,
            "openai_model": None,
            "arms": tuple(
                ArmSettings(name=name, base_url=writers, model=name, revision=revision)
                for name, revision in WRITERS.items()
            ),
            "answers": AnswerSettings(quote="fallback"),
            "knowledge": KnowledgeSettings(),
            "judge": JudgeSettings(),
            "guard": GUARD,
            "evals": EvalSettings(schedule="off", count=20, judge_minutes=0),
            "alarms": type(settings.alarms)(),
            "segments_file": None,
            "offline": True,
        }
    )
