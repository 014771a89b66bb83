"""Which variables Routeback reads: those of its settings, and a few that are none."""

import re
from typing import Any

from pydantic import BaseModel

from assistant.settings import CONFIG_VARIABLE, OF_CLIENTS, OF_THE_PAGE, PREFIX, Settings

OF_COMPOSE = frozenset({"ROUTEBACK_IMAGE"})
"""What compose.yaml reads itself and hands to no process."""
NAMED = re.compile(r"\bROUTEBACK_[A-Z][A-Z0-9_]*[A-Z0-9]\b(?!\*)")


def is_read(name: str) -> bool:
    """Whether Routeback reads a variable."""
    if name in {CONFIG_VARIABLE, *OF_THE_PAGE, *OF_CLIENTS}:
        return True
    *sections, leaf = name.removeprefix(PREFIX).lower().split("__")
    model: Any = Settings
    for section in sections:
        field = model.model_fields.get(section)
        model = field.annotation if field else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return False
    aliases = {field.alias for field in model.model_fields.values()}
    return leaf in model.model_fields or leaf in aliases
