"""Markdown as site generators and note takers write it."""

import re
import tomllib
from html import unescape
from typing import Any, Final

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from assistant.errors import LoadError
from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.markdown import dialects, references, tags, verbatim
from assistant.knowledge.readers.options import Found, Note, ReadingOptions
from assistant.knowledge.readers.page import Meta, page

_parser: Final = MarkdownIt("commonmark").use(front_matter_plugin).disable("inline")
_TOML: Final = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_ENTITY: Final = re.compile(r"&(?!lt;|gt;|amp;|#0*(?:38|60|62);)(?:#\w+|\w+);")
_EMPTY_ITEM: Final = re.compile(
    r"^[ \t]*(?:[-*+]|\d+\.)[ \t]*\n(?=[ \t]*(?:[-*+\n]|\d+\.|\Z))", re.MULTILINE
)
_GAPS: Final = re.compile(r"\n(?:[ \t]*\n){2,}")


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read Markdown, with front matter in YAML or TOML if it has any."""
    values, text = _parted(text_of(data, source), source)
    body, missing = _plain(text)
    for what in sorted(missing):
        yield Note.warning(source, what)
    yield from page(body, source, options, Meta.of(values))


def _character(found: "re.Match[str]") -> str:
    return unescape(found.group()).replace("\u00a0", " ")


def _plain(text: str) -> tuple[str, set[str]]:
    """Return plain Markdown, and what of it is missing; what is plain already stays as it is."""
    bare, code = verbatim.aside(text, dialects.fenced)
    body, missing = dialects.plain(bare)
    body = dialects.apart(references.resolved(tags.plain(body)))
    if body == bare and not _ENTITY.search(body):
        return verbatim.back(bare, code), missing
    body = _GAPS.sub("\n\n", _EMPTY_ITEM.sub("", _ENTITY.sub(_character, body)))
    return verbatim.back(body, code), missing


class _Loader(yaml.SafeLoader):
    """YAML without aliases: nobody needs them here, and a few of them fill the memory."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _parted(text: str, source: str) -> tuple[dict[str, Any], str]:
    """Return what the front matter says, and the text behind it."""
    try:
        if match := _TOML.match(text):
            return tomllib.loads(match[1]), text[match.end() :]
        tokens = _parser.parse(text[: _longest(text)])
        if not tokens or tokens[0].type != "front_matter":
            return {}, text
        values = yaml.load(tokens[0].content, _Loader) or {}  # noqa: S506  (it is a safe loader)
    except (yaml.YAMLError, ValueError) as error:
        raise LoadError(
            f"{source} has malformed front matter: {_problem(error)}.",
            source=source,
            hint="Mend what stands between the two lines at its top, or take it out.",
        ) from error
    if isinstance(values, str):  # a page that begins with a rule
        return {}, text
    if not isinstance(values, dict):
        raise LoadError(f"{source} has front matter that is not a mapping.", source=source)
    return values, "\n".join(text.split("\n")[(tokens[0].map or [0, 0])[1] :])


def _longest(text: str) -> int:
    """Return how much of a text has its front matter: up to the second line of dashes."""
    first = text.find("\n---", 3) if text.startswith("---") else -1
    return len(text) if first < 0 else min(len(text), first + 8)


def _problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        # The mark counts from 0, and the line with the dashes stands above.
        return f"{error.problem} in line {error.problem_mark.line + 2}"
    return " ".join(str(error).split())
