"""The certificate that comes along: of the default measure, on the cases that come along."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from guardrails.attack.certificate import Certificate

PATH: Final = Path(str(files("guardrails.attack"))) / "certificate.json"
"""Written by ``make certificate``, whenever scorers, gate, harms or cases have changed."""


def shipped(path: Path = PATH) -> Certificate | None:
    """Return the certificate of a file; None if there is none."""
    return Certificate.of(json.loads(path.read_text("utf-8"))) if path.is_file() else None


def write(certificate: Certificate, path: Path = PATH) -> None:
    """Write a certificate as a file."""
    text = json.dumps(certificate.plain(), ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", "utf-8")
