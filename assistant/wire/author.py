"""Who wrote a message, for people and for machines (EU AI Act, article 50)."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from assistant.language import Language
from assistant.wire import View

AuthorKind = Literal["document", "model", "product", "person", "draft"]
"""The documents' own words; a model; a fixed text of the product; a person; a model's draft that a
person has edited."""

PRODUCT: Final = "Routeback"
DISCLOSURE: Final = "AI-Disclosure"
"""Name of the header of an answer: after draft-abaris-aicdh-01, a dictionary of RFC 9651."""

_IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype"
_SOURCE_TYPES: Final[Mapping[AuthorKind, str]] = {
    "model": f"{_IPTC}/trainedAlgorithmicMedia",
    "draft": f"{_IPTC}/compositeWithTrainedAlgorithmicMedia",
}
"""By IPTC's vocabulary. The rest has none: who wrote a document, and with what, is not known."""
_MODES: Final[Mapping[AuthorKind, str]] = {"model": "machine-generated", "draft": "ai-originated"}
_NAMED: Final[Mapping[AuthorKind, str]] = {"model": "model", "draft": "reviewed-by"}
_QUOTING: Final[Mapping[Language, str]] = {
    "en": "Sent by a person, from the documents’ own words: {name}",
    "de": "Von einem Menschen gesendet, aus den Worten der Dokumente: {name}",
}
_LABELS: Final[Mapping[Language, Mapping[AuthorKind, str]]] = {
    "en": {
        "document": "The documents’ own words, chosen by an AI system",
        "model": "Written by AI: {name}",
        "product": "Fixed text of {name}",
        "person": "Written by a person: {name}",
        "draft": "Drafted by AI, sent by a person: {name}",
    },
    "de": {
        "document": "Die Worte der Dokumente, von einem KI-System ausgewählt",
        "model": "Von einer KI geschrieben: {name}",
        "product": "Fester Text von {name}",
        "person": "Von einem Menschen geschrieben: {name}",
        "draft": "Von einer KI entworfen, von einem Menschen gesendet: {name}",
    },
}


class Author(View):
    """Who wrote a message.

    name: of the arm (``quote``: none, the words are the documents'), of the product, or of the
    person who wrote or edited. revision: of the arm. machine_generated: whether a model wrote any
    of it. digital_source_type: the concept of IPTC's vocabulary, as in schema.org's
    ``digitalSourceType``; None where none is known to hold. label: the same in one line of plain
    text; language: the label's, by BCP 47.
    """

    kind: AuthorKind
    name: str
    revision: str | None = None
    machine_generated: bool
    digital_source_type: str | None = None
    label: str
    language: Language = Field(default="en")


def authored(
    kind: AuthorKind,
    name: str,
    language: str,
    revision: str | None = None,
    *,
    quoting: bool = False,
) -> Author:
    """Return the author of a message in that language; the label is German or English.

    quoting: a person sent what a system had chosen from the documents.
    """
    told: Language = "de" if language == "de" else "en"
    plain = "".join(sign for sign in name if sign.isprintable())
    label = _QUOTING[told] if quoting and kind == "person" else _LABELS[told][kind]
    return Author(
        kind=kind,
        name=name,
        revision=revision,
        machine_generated=kind in _SOURCE_TYPES,
        digital_source_type=_SOURCE_TYPES.get(kind),
        label=label.format(name=plain),
        language=told,
    )


def disclosure(author: Author | None) -> str:
    """Return the value of the header ``AI-Disclosure``.

    author: None before it is known, as when a stream begins: then it says that a machine writes.
    """
    provider = _quoted(PRODUCT)
    if author is None:
        return f"mode=machine-generated, provider={provider}"
    by = f", {_NAMED[author.kind]}={_quoted(author.name)}" if author.kind in _NAMED else ""
    return f"mode={_MODES.get(author.kind, 'none')}, provider={provider}{by}"


def _quoted(text: str) -> str:
    """Return a string of RFC 9651: printable ASCII alone."""
    plain = "".join(sign if " " <= sign <= "~" else "?" for sign in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
