"""Notes in the log of changes which settings a server starts with that are not those of before."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from sqlalchemy import Engine

from assistant.records.changes import ChangeLog
from assistant.settings import Settings
from guardrails import digests

_LENGTH: Final = 16
_SERVER: Final = "server"


def note_settings(engine: Engine, settings: Settings) -> None:
    """Note which settings have changed since the last start, if some have. No value is kept."""
    log, now = ChangeLog(engine), marks(settings)
    last = log.last("settings changed")
    before = last.detail["settings"] if last else {}
    if changed := changed_between(before, now):
        detail = {"changed": changed if last else [], "settings": now}
        log.note(_SERVER, "settings changed", ", ".join(changed)[:600] if last else "first", detail)


def marks(settings: Settings) -> dict[str, str]:
    """Return a digest of each setting; of a secret, whether it is set."""
    return {
        name: digests.of(repr(value))[:_LENGTH]
        if not isinstance(value, SecretStr)
        else ("set" if value.get_secret_value() else "unset")
        for name, value in _leaves("", settings)
    }


def changed_between(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the names of what is not as before."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _leaves(prefix: str, section: BaseModel) -> Iterator[tuple[str, object]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _leaves(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value
