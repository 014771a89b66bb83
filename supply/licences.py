"""The licences of packages, as they state them, and those that ask for something in return."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata
from typing import Final

from cyclonedx.spdx import is_expression, is_supported_id

COPYLEFT: Final = re.compile(r"\b(?:A?GPL|LGPL|MPL|EPL|CDDL|EUPL|OSL|CC-BY-SA|SSPL|BUSL|CPAL)\b")

ALLOWED: Final[Mapping[str, str]] = {
    "certifi": "MPL-2.0 holds for the file of certificates alone; it is used as it comes.",
    "docutils": "The part under the GPL, an Emacs mode, is not in the wheel.",
    "orjson": "MPL-2.0 holds for its own files; it is used as it comes.",
    "pathspec": "MPL-2.0 holds for its own files; it is used as it comes.",
    "psycopg": "LGPL-3.0: imported, not changed, and anybody can put another in its place.",
    "psycopg-binary": "As psycopg.",
    "tqdm": "MPL-2.0 holds for its own files; it is used as it comes.",
}
"""Packages with a copyleft licence that may be there, each with the reason."""

_STATED: Final[Mapping[str, str]] = {
    "colorama": "BSD-3-Clause",  # on Windows alone
    "docutils": "BSD-2-Clause AND GPL-3.0-or-later",
    "protobuf": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "ragas": "Apache-2.0",
    "tiktoken": "MIT",
    "tzdata": "Apache-2.0",
}
"""Read by hand, where a package states its licence as prose or is not installed here."""

_NAMES: Final[Mapping[str, str]] = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "mit license, apache license, version 2.0": "MIT AND Apache-2.0",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "the unlicense (unlicense)": "Unlicense",
}
BSD: Final = "BSD License"
"""What a package says that does not say which of them; all of them are permissive."""


def licence(name: str) -> str:
    """Return an SPDX expression, or ``BSD License``; empty if nobody knows."""
    if name in _STATED:
        return _STATED[name]
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    short = [*said.get_all("License-Expression", []), *said.get_all("License", [])]
    kinds = [c.rpartition(" :: ")[2] for c in said.get_all("Classifier", []) if "License ::" in c]
    for text in (*(text.strip() for text in short), *kinds):
        named = text if _spdx(text) else _NAMES.get(text.lower(), "")
        if named:
            return named
    return BSD if BSD in kinds else ""


def copyleft(expression: str) -> bool:
    """Return whether every way to take a licence asks for something in return."""
    ways = re.split(r"\s+OR\s+(?![^(]*\))", expression)
    return all(COPYLEFT.search(way.upper()) for way in ways)


def _spdx(text: str) -> bool:
    return bool(text) and (is_supported_id(text) or is_expression(text))
