"""What a file is, by its bytes and never by its name: pictures and PDF, and nothing else.

Nothing is unpacked. The size of a picture is read off its head, so that one that would fill the
memory of who opens it is refused.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from assistant.errors import QuestionError

MediaType = Literal["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"]
ENDINGS: Final[dict[MediaType, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
}
MOST_PIXELS: Final = 60_000_000
"""Of a picture: 240 MB of memory where it is shown."""
_LONGEST_NAME: Final = 100
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PDF: Final = re.compile(rb"%PDF-[12]\.\d")
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG file behind which its size stands."""
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_WORDS: Final = "a picture (PNG, JPEG, GIF, WebP) or a PDF"


@dataclass(frozen=True, slots=True)
class Medium:
    """A file that is taken. name: as it may be shown and stored; its ending is that of the type."""

    name: str
    type: MediaType


def taken(name: str, content: bytes) -> Medium:
    """Return what a file is.

    Raises:
        QuestionError: it is none that is taken, is damaged, or its picture is too large.
    """
    kind = _kind(content)
    if kind is None:
        raise QuestionError(f"The file is not {_WORDS}, whatever it is called.", hint="Send one.")
    if kind != "application/pdf":
        size = _size(kind, content)
        if size is None or 0 in size:
            raise QuestionError("The picture is damaged: its size cannot be read.")
        width, height = size
        if width * height > MOST_PIXELS:
            raise QuestionError(
                f"The picture has {width} times {height} pixels; {MOST_PIXELS:,} are taken.",
                hint="Send a smaller one.",
            )
    return Medium(_name(name, ENDINGS[kind]), kind)


def _kind(content: bytes) -> MediaType | None:
    if content.startswith(_PNG):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:6] in {b"GIF87a", b"GIF89a"}:
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if _PDF.match(content) else None


def _size(kind: MediaType, content: bytes) -> tuple[int, int] | None:
    """Return width and height of a picture in pixels; None if its head cannot be read."""
    if kind == "image/png":
        head = content[12:16] == b"IHDR" and len(content) > 24  # noqa: PLR2004
        return (_big(content[16:20]), _big(content[20:24])) if head else None
    if kind == "image/gif":
        return (_small(content[6:8]), _small(content[8:10])) if len(content) > 10 else None  # noqa: PLR2004
    return _webp(content) if kind == "image/webp" else _jpeg(content)


def _webp(content: bytes) -> tuple[int, int] | None:
    """Return the size: of each of the three forms of RFC 9649."""
    form, body = content[12:16], content[20:30]
    if len(body) < 10:  # noqa: PLR2004
        return None
    if form == b"VP8X":
        return _small(body[4:7]) + 1, _small(body[7:10]) + 1
    if form == b"VP8L" and body[0] == 0x2F:  # noqa: PLR2004
        bits = _small(body[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return _small(body[6:8]) & 0x3FFF, _small(body[8:10]) & 0x3FFF
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    for marker, at in _segments(content):
        if marker in _FRAMES:
            height, width = _big(content[at + 5 : at + 7]), _big(content[at + 7 : at + 9])
            return (width, height) if len(content) >= at + 9 else None
    return None


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the markers of a JPEG file up to its picture, and where each begins."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004  (one that fills up)
            at += 1
            continue
        yield marker, at
        if marker in _ALONE:
            at += 2
            continue
        length = _big(content[at + 2 : at + 4])
        if length < 2:  # noqa: PLR2004
            return
        at += 2 + length


def _name(given: str, ending: str) -> str:
    """Return a name without folders, and with nothing in it that is not shown as it stands."""
    plain = unicodedata.normalize("NFC", given).replace("\\", "/")
    last = plain.rstrip("/").rpartition("/")[2]
    shown = "".join(c if _shown(c) else " " for c in last)
    stem = " ".join(PurePosixPath(shown.strip() or "file").stem.split()).strip(". ")
    return f"{stem[:_LONGEST_NAME].strip() or 'file'}.{ending}"


def _shown(character: str) -> bool:
    return character.isprintable() and character not in '<>:"|?*%;'


def _big(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _small(value: bytes) -> int:
    return int.from_bytes(value, "little")
