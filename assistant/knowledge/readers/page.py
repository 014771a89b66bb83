"""Prose into a document: what every format that is no table comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from markdown_it import MarkdownIt

from assistant.knowledge.documents import Document
from assistant.knowledge.readers.options import Found, Note, ReadingOptions, iso_date, language_code
from assistant.language import language_of_text

_parser: Final = MarkdownIt("commonmark").disable("inline")  # blocks alone are asked for
_NAMELESS: Final = frozenset({"index", "_index", "readme", "default", "home"})
"""Names of files that stand for their folder."""
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title", "name", "sidebar_label"),
    "language": ("language", "lang", "locale"),
    "audience": ("audience",),
    "url": ("url", "canonical", "canonical_url", "html_url", "permalink", "link"),
    "date": (
        *("updated", "last_updated", "lastupdated", "lastmod", "modified", "last_modified"),
        *("updated_at", "last_update", "ms.date", "date", "published", "created", "created_at"),
    ),
    "tags": ("tags", "keywords"),
}
"""What pages say of themselves, by the names that site generators and exports give it."""
_UNPUBLISHED: Final = (
    *(("draft", True), ("published", False), ("unlisted", True), ("hidden", True)),
    *(("deleted", True), ("public", False), ("is_public", False), ("internal", True)),
)


@dataclass(frozen=True, slots=True)
class Meta:
    """What a page says of itself. draft: why it is not for readers, or empty."""

    title: str = ""
    language: str = ""
    audience: str = ""
    url: str = ""
    date: str = ""
    tags: tuple[str, ...] = ()
    draft: str = ""
    redirect: str = ""
    unread_date: str = ""

    @classmethod
    def of(cls, values: Mapping[Any, Any]) -> "Meta":
        """Return what front matter or an export's fields say."""
        fields = {str(name).strip().lower(): value for name, value in values.items()}

        def first(field: str) -> Any:
            return next((fields[name] for name in _FIELDS[field] if fields.get(name)), None)

        date = first("date")
        date = date.get("date") if isinstance(date, Mapping) else date
        url = str(first("url") or "")
        return cls(
            title=_text(first("title")),
            language=language_code(first("language")),
            audience=", ".join(_listed(first("audience"))),
            url=url if url.startswith(("http://", "https://")) else "",
            date=iso_date(date),
            tags=_listed(first("tags")),
            draft=_draft(fields),
            redirect=_text(fields.get("redirect_to") or fields.get("redirect") or ""),
            unread_date=_text(date) if date and not iso_date(date) else "",
        )


def page(
    markdown: str,
    source: str,
    options: ReadingOptions,
    meta: Meta,
    *,
    places: Sequence[tuple[int, str]] = (),
) -> Found:
    """Give one document, or the note why there is none."""
    if meta.draft:
        yield Note.left_out(source, "a draft", meta.draft)
        return
    if not markdown.strip():
        what = "a redirect" if meta.redirect else "a page without text"
        yield Note.left_out(source, what, meta.redirect)
        return
    if meta.unread_date:
        yield Note.warning(source, "a date that is none", meta.unread_date)
    audience, notes = audience_of(meta.audience, source, options)
    yield from notes
    yield Document(
        source=source,
        title=meta.title or _heading(markdown) or name_of(source),
        markdown=markdown,
        language=meta.language or options.language or language_of_text(markdown),
        audience=audience,
        url=meta.url,
        date=meta.date,
        tags=meta.tags,
        places=tuple(places),
    )


def _heading(markdown: str) -> str:
    """Return the first heading of the first level."""
    tokens = _parser.parse(markdown)
    heads = (i for i, token in enumerate(tokens) if token.tag == "h1" and token.nesting == 1)
    return next((tokens[i + 1].content for i in heads), "")


def name_of(source: str) -> str:
    """Return what a file is called where its text does not say."""
    path = PurePath(source)
    stem = path.stem
    return path.parent.name if stem.lower() in _NAMELESS and path.parent.name else stem


def audience_of(said: str, source: str, options: ReadingOptions) -> tuple[str, tuple[Note, ...]]:
    """Return who may be answered from what names an audience; an unknown one hides nothing."""
    if not said:
        return options.audience, ()
    names = {name.lower(): name for name in (*options.audiences, options.audience, "public")}
    audiences = [names[name.lower()] for name in _listed(said) if name.lower() in names]
    if audiences:  # of several the narrowest: the public is one, too
        return next((name for name in audiences if name != "public"), "public"), ()
    return options.audience, (
        Note.warning(
            source, "an audience that the settings do not name, so it hides nothing", said
        ),
    )


def _draft(told: Mapping[str, Any]) -> str:
    for name, value in _UNPUBLISHED:
        if name in told and str(told[name]).strip().lower() == str(value).lower():
            return f"{name}: {str(value).lower()}"
    if told.get("user_segment_id"):  # Zendesk: for some of the readers
        return f"user_segment_id: {_text(told['user_segment_id'])}"
    state = _text(told.get("status") or told.get("state") or "")
    return f"state: {state}" if state.lower() in {"draft", "archived", "unpublished"} else ""


def _text(value: Any) -> str:
    return " ".join(str(value or "").split())


def _listed(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, Sequence):
        return tuple(_text(part) for part in value if _text(part))
    return ()
