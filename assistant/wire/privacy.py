"""What is kept of people, on the wire: asked for, counted, exported, and the receipt of it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.wire import JsonObject, RequestBody, View

Act = Literal["export", "erase", "retention"]


class PeopleNamed(RequestBody):
    """Of whom: people, or conversations by their ids. by: who asks, where that is not known."""

    people: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128)]], Field(min_length=1)
    ]
    by: Annotated[str, Field(max_length=100)] = "owner"


class HoldingsView(View):
    """How much is kept of people, by kind. elsewhere: what holds it too, and is not ours to change.

    digest: of the conversations, by which a receipt can be told to be about them.
    """

    counts: dict[str, int]
    elsewhere: tuple[str, ...] = ()
    digest: str


class ReceiptView(View):
    """That something was done with what is kept of people; it says nothing that they said.

    counts: how many, by kind. about: SHA-256 of the ids of the conversations, sorted, a line each.
    digest: SHA-256 of the rest of the receipt, as JSON with sorted keys.
    """

    at: datetime
    by: str
    act: Act
    counts: dict[str, int]
    about: str
    digest: str


class ErasedView(View):
    """What was erased. elsewhere: see ``HoldingsView``."""

    receipt: ReceiptView
    elsewhere: tuple[str, ...] = ()


class ReceiptsView(View):
    """All receipts, newest first."""

    receipts: tuple[ReceiptView, ...]


class ExportView(View):
    """All that is kept of people, as it is stored."""

    receipt: ReceiptView
    kept: JsonObject
