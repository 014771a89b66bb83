"""What is said of files in conversations, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language


@dataclass(frozen=True, slots=True)
class AttachmentText:
    """In one language. Fields in braces are filled in by ``str.format``."""

    offer: str
    choose: str
    send: str
    sent: str
    save: str
    gone: str


TEXTS: Final[Mapping[Language, AttachmentText]] = {
    "en": AttachmentText(
        offer="Send a file",
        choose="A picture or a PDF",
        send="Send it",
        sent="{name} is sent.",
        save="Save {name}",
        gone="This file cannot be had right now.",
    ),
    "de": AttachmentText(
        offer="Datei senden",
        choose="Ein Bild oder ein PDF",
        send="Absenden",
        sent="{name} ist gesendet.",
        save="{name} speichern",
        gone="Diese Datei ist gerade nicht zu haben.",
    ),
}
