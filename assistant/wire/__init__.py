"""What crosses HTTP, declared once: the API returns it, commands and pages read it."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

JsonObject = dict[str, JsonValue]
"""A record that is passed on as it is stored: its keys are described where it is made."""


def visible(text: str) -> str:
    """Return a text in which something can be seen.

    Raises:
        ValueError: nothing can.
    """
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise ValueError("nothing in it can be seen")
    return text


MOST: Final = 2**31 - 1
"""The largest number that every database takes."""
Number = Annotated[int, Field(ge=0, le=MOST)]
"""Of an entry, a version or a place in a list, as it is asked for."""


class View(BaseModel):
    """What is told. A reader ignores what it does not know, so that a newer server can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)


class RequestBody(BaseModel):
    """What is asked for; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")
