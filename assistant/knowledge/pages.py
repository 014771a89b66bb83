"""Reads prose into documents: Markdown (YAML front matter), HTML, text, PDF.

What reads HTML and PDF is imported with the first such file: every start would wait for it.
"""

import io
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from assistant.errors import LoadError
from assistant.knowledge.documents import Document
from assistant.knowledge.reading import Options, iso_date, language_code, text_of
from assistant.language import language_of_text

_NOT_CONTENT: Final = ("script", "style", "nav", "footer", "header", "form", "noscript", "aside")
_front_matter: Final = MarkdownIt("commonmark").use(front_matter_plugin)


def markdown(data: bytes, source: str, options: Options) -> Iterator[Document]:
    """Read Markdown, with YAML front matter if it has any."""
    text = text_of(data, source)
    tokens = _front_matter.parse(text)
    meta: dict[str, Any] = {}
    if tokens and tokens[0].type == "front_matter":
        try:
            meta = yaml.safe_load(tokens[0].content) or {}
        except (yaml.YAMLError, ValueError) as error:
            raise LoadError(
                f"{source} has malformed front matter: {_yaml_problem(error)}.", source=source
            ) from error
        if not isinstance(meta, dict):
            raise LoadError(f"{source} has front matter that is not a mapping.", source=source)
        text = "\n".join(text.split("\n")[(tokens[0].map or [0, 0])[1] :])
    heading = next(
        (
            tokens[i + 1].content
            for i, t in enumerate(tokens)
            if t.type == "heading_open" and t.tag == "h1"
        ),
        "",
    )
    yield from _document(
        text, source, options, meta, title=str(meta.get("title") or heading or Path(source).stem)
    )


def _yaml_problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        # The mark counts from 0, and the line with the dashes stands above.
        return f"{error.problem} in line {error.problem_mark.line + 2}"
    return " ".join(str(error).split())


def html(data: bytes, source: str, options: Options) -> Iterator[Document]:
    """Read the content of an HTML page, without what surrounds it."""
    from bs4 import BeautifulSoup
    from markdownify import markdownify

    soup = BeautifulSoup(text_of(data, source), "html.parser")
    root = soup.html
    meta = {"language": root.get("lang")} if root else {}
    names = (tag.get_text(" ", strip=True) for tag in (soup.title, soup.h1) if tag)
    title = next((name for name in names if name), Path(source).stem)
    for tag in soup(_NOT_CONTENT):
        tag.decompose()
    body = soup.find("main") or soup.find("article") or soup.body or soup
    text = markdownify(str(body), heading_style="ATX")
    yield from _document(text, source, options, meta, title=title)


def plain(data: bytes, source: str, options: Options) -> Iterator[Document]:
    """Read plain text."""
    yield from _document(text_of(data, source), source, options, {}, title=Path(source).stem)


def pdf(data: bytes, source: str, options: Options) -> Iterator[Document]:
    """Read the text layer of a PDF."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # our one message says it
    pages: list[str] = []
    title = ""
    try:
        reader = PdfReader(io.BytesIO(data))
        locked = bool(reader.is_encrypted and not reader.decrypt(""))
        if not locked:
            pages = [page.extract_text().strip() for page in reader.pages]
            title = str((reader.metadata and reader.metadata.title) or "").strip()
    except DependencyError:
        locked = True
    except Exception as error:  # pypdf meets damage with whatever it trips over
        raise LoadError(
            f"{source} is not a readable PDF ({error}).",
            source=source,
            hint="Open it and save or print it to PDF again, or leave it out.",
        ) from error
    if locked:
        raise LoadError(
            f"{source} is protected by a password.",
            source=source,
            hint="Save it without protection, or leave it out.",
        )
    if not any(pages):
        raise LoadError(
            f"{source} is a PDF without text (a scan?).",
            source=source,
            hint="Run text recognition (OCR) on it first.",
        )
    title = title or Path(source).stem
    yield from _document("\n\n".join(pages), source, options, {}, title=title)


def _document(
    text: str, source: str, options: Options, meta: Mapping[str, Any], *, title: str
) -> Iterator[Document]:
    if not text.strip():
        return
    yield Document(
        source=source,
        title=title,
        markdown=text,
        language=language_code(meta.get("language")) or options.language or language_of_text(text),
        audience=str(meta.get("audience") or options.audience),
        url=str(meta.get("url") or ""),
        date=iso_date(meta.get("date") or meta.get("updated")),
    )
