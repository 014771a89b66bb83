"""What crosses HTTP, declared once: the API returns it, commands and pages read it."""

from pydantic import BaseModel, ConfigDict, JsonValue

JsonObject = dict[str, JsonValue]
"""A record that is passed on as it is stored: its keys are described where it is made."""


class View(BaseModel):
    """What is told. A reader ignores what it does not know, so that a newer server can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)


class RequestBody(BaseModel):
    """What is asked for; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")
