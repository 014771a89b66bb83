"""What comes from the API, as typed values."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Takes what it knows and ignores the rest, so that a newer API can still be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")
