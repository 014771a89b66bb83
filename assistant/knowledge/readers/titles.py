"""Titles that files carry in their properties: some were given by a person, most were not."""

import re
from typing import Any, Final

_GIVEN: Final = re.compile(
    r"(?ix) untitled.* | unbenannt.* | ohne\ (titel|namen?)\W*\d* | \(?anonymous\)? | title | titel"
    r" | (new\ )?(microsoft\ )?(word|office)?[ -]*(document|dokument)\s*\(?\d*\)?"
    r" | neues\ (microsoft\ )?(word|office)?[ -]*dokument.*"
    r" | (microsoft\ )?(word|excel|powerpoint)(-|\ )?(document|dokument|presentation|präsentation)?"
    r" | (power\ ?point[- ]?)?(presentation|präsentation)\s*\d* | (slide|folie|layout|blank)\s*\d*"
    r" | (book|mappe|tabelle|sheet)\s*\d* | print | scan.{0,20} | draft | entwurf"
    r" | template | vorlage"
)
_FILE: Final = re.compile(
    r"(?i)[^\s]*[\\/][^\s]*|.*\.(?:docx?|dotx?|odt|rtf|pdf|pptx?|potx?|xlsx?|indd|tex|dvi|txt|html?|qxd|md|pages|pub|vsdx?|tmp)"
)
_MADE: Final = re.compile(r"^Microsoft (?:Office )?(?:Word|PowerPoint|Excel)\s*[-–]\s*")


def real_title(told: Any) -> str:
    """Return a title that a person gave; nothing if a program or a template did."""
    if isinstance(told, bytes):
        told = told.decode("latin-1")
    title = " ".join(str(told or "").replace("\x00", "").split())
    title = _MADE.sub("", title)
    if not re.search(r"[^\W\d_]{2}", title) or _GIVEN.fullmatch(title) or _FILE.fullmatch(title):
        return ""
    coded = " " not in title and re.search(r"[_\d]", title) and len(title) > 5  # noqa: PLR2004
    return "" if coded else title
