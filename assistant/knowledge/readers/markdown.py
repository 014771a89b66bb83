"""Markdown as site generators and note takers write it."""

from typing import Any, Final

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from assistant.errors import LoadError
from assistant.knowledge.encoding import text_of
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.reading import Found, Options

_parser: Final = MarkdownIt("commonmark").use(front_matter_plugin)


def read(data: bytes, source: str, options: Options) -> Found:
    """Read Markdown, with front matter if it has any."""
    text = text_of(data, source)
    tokens = _parser.parse(text)
    values: dict[str, Any] = {}
    if tokens and tokens[0].type == "front_matter":
        try:
            values = yaml.safe_load(tokens[0].content) or {}
        except (yaml.YAMLError, ValueError) as error:
            raise LoadError(
                f"{source} has malformed front matter: {_yaml_problem(error)}.", source=source
            ) from error
        if not isinstance(values, dict):
            raise LoadError(f"{source} has front matter that is not a mapping.", source=source)
        text = "\n".join(text.split("\n")[(tokens[0].map or [0, 0])[1] :])
    yield from page(text, source, options, Meta.of(values))


def _yaml_problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        # The mark counts from 0, and the line with the dashes stands above.
        return f"{error.problem} in line {error.problem_mark.line + 2}"
    return " ".join(str(error).split())
