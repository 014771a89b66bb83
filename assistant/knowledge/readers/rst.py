"""reStructuredText, with what Sphinx adds to it."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from assistant.errors import LoadError
from assistant.knowledge.readers import html
from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.options import Found, Note, ReadingOptions
from assistant.knowledge.readers.page import Meta

if TYPE_CHECKING:
    from docutils import nodes

_MOST: Final = 2_000_000
"""Characters of a file; docutils reads some 100,000 a second."""
_ELSEWHERE: Final = re.compile(r"(?m)^[ \t]*\.\. (include|raw)::[ \t]*(.*)$")
_SETTINGS: Final = {
    "file_insertion_enabled": False, "raw_enabled": False, "report_level": 5, "halt_level": 6,
    "warning_stream": False, "embed_stylesheet": False, "_disable_config": True,
    "doctitle_xform": False, "docinfo_xform": True, "syntax_highlight": "none",
    "line_length_limit": 1_000_000, "initial_header_level": 1, "toc_backlinks": False,
    "footnote_backlinks": False, "output_encoding": "unicode", "math_output": "LaTeX",
    "traceback": True,
}  # fmt: skip


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read reStructuredText; directives and roles that docutils does not know keep their text."""
    text = text_of(data, source)
    if len(text) > _MOST:
        raise LoadError(
            f"{source} is longer than {_MOST:,} characters.",
            source=source,
            hint="Cut it into several files.",
        )
    left_out = [f"{name} {rest}".strip() for name, rest in _ELSEWHERE.findall(text)]
    page, meta, problems = _html(text, left_out)
    for what in dict.fromkeys(left_out):
        yield Note.left_out(source, "a directive whose content is not in the file", what)
    if problems:
        what = "markup that is not as reStructuredText has it, kept as it stands"
        yield Note.warning(source, what, ", ".join(dict.fromkeys(problems)))
    yield from html.pages(f"<html><body>{page}</body></html>", source, options, meta)


def _html(text: str, left_out: list[str]) -> tuple[str, Meta, list[str]]:
    from docutils import nodes
    from docutils.core import publish_doctree, publish_from_doctree

    from assistant.knowledge.readers import sphinx

    sphinx.register(text)
    settings: dict[str, Any] = {**_SETTINGS, "left_out": left_out}
    tree = publish_doctree(text, settings_overrides=settings)
    problems = _settle(tree)
    _flatten(tree)
    meta = _meta(tree)
    title = next((node.astext() for node in tree.findall(nodes.title)), "")
    page = str(publish_from_doctree(tree, writer="html5", settings_overrides=settings))
    match = re.search(r"(?s)<body[^>]*>(.*)</body>", page)
    meta = replace(meta, title=meta.title or title)
    return (match[1] if match else page), meta, problems


def _settle(tree: "nodes.document") -> list[str]:
    """Turn what docutils could not read into words; its own messages are no text.

    Returns where something was malformed.
    """
    from docutils import nodes

    problems: list[str] = []
    for node in list(tree.findall(nodes.problematic)):
        node.parent.replace(node, nodes.Text(_plain(node.astext())))
    for message in list(tree.findall(nodes.system_message)):
        code: list[Any] = [box for box in message.children if isinstance(box, nodes.literal_block)]
        if message.get("level", 0) >= 3 and code:  # noqa: PLR2004  (from 3 on, it is an error)
            problems.append(f"line {message.get('line', '?')}")
            message.parent.replace(message, [nodes.paragraph("", box.astext()) for box in code])
        else:
            message.parent.remove(message)
    for section in list(tree.findall(nodes.section)):
        if "system-messages" in section.get("classes", ()):
            _replace(section, [part for part in section if isinstance(part, nodes.paragraph)])
    return problems


def _plain(words: str) -> str:
    """Return the words of a reference that leads nowhere: |version|, `title`_, word_."""
    match = re.fullmatch(r"(?s)[|`](.*?)[|`]_{0,2}|(.*?\w)_{1,2}", words)
    inner = next(filter(None, match.groups()), words) if match else words
    return re.sub(r"\s*<[^<>]*>$", "", inner) or inner


def _flatten(tree: "nodes.document") -> None:
    """Write notes, footnotes and sidebars as text; pages of HTML keep them beside the text."""
    from docutils import nodes

    bare = [image for image in tree.findall(nodes.image) if not image.get("alt")]
    for gone in [*tree.findall(nodes.comment), *tree.findall(nodes.decoration), *bare]:
        gone.parent.remove(gone)
    for literal in tree.findall(nodes.literal):
        literal["classes"] = ["code"]
    for mark in [*tree.findall(nodes.footnote_reference), *tree.findall(nodes.citation_reference)]:
        mark.parent.replace(mark, nodes.Text(f"[{mark.astext()}]"))
    for named in [node for node in tree.findall() if isinstance(node, nodes.Admonition)]:
        _replace(named, _note(named))
    aside: Any
    note: Any
    for aside in [*tree.findall(nodes.topic), *tree.findall(nodes.sidebar)]:
        listed = "contents" in aside["classes"]
        _replace(aside, [] if listed else [_told(child) for child in aside.children])
    for note in [*tree.findall(nodes.footnote), *tree.findall(nodes.citation)]:
        label, *parts = note.children
        if parts and isinstance(parts[0], nodes.paragraph):
            parts[0].insert(0, nodes.Text(f"[{label.astext()}] "))
        _replace(note, parts)


def _replace(node: Any, parts: Any) -> None:
    node.parent.replace(node, parts)


def _note(note: Any) -> list[Any]:
    """Return what a note says, its name before its first words."""
    from docutils import nodes

    parts = list(note.children)
    name = str(note.tagname).capitalize()
    if isinstance(note, nodes.admonition) and parts and isinstance(parts[0], nodes.title):
        name = parts.pop(0).astext()
    head = nodes.strong("", f"{name.rstrip(':')}: ")
    if parts and isinstance(parts[0], nodes.paragraph):
        parts[0].insert(0, head)
        return parts
    return [nodes.paragraph("", "", head), *parts]


def _told(node: Any) -> Any:
    """Return a part of what stands beside the text; its titles are no headings."""
    from docutils import nodes

    if isinstance(node, nodes.title | nodes.subtitle):
        return nodes.paragraph("", "", nodes.strong("", node.astext()))
    return node


def _meta(tree: "nodes.document") -> Meta:
    """Return what the fields at the top say, and take them out of the text."""
    from docutils import nodes

    fields: dict[str, str] = {}
    info: Any
    child: Any
    for info in list(tree.findall(nodes.docinfo)):
        for child in info.children:
            if isinstance(child, nodes.field):
                fields[child[0].astext()] = child[1].astext()
            else:
                fields[child.tagname] = child.astext()
        info.parent.remove(info)
    beside = (nodes.target, nodes.title, nodes.substitution_definition)
    for place in (tree, next(iter(tree.findall(nodes.section)), tree)):
        first = next((child for child in place.children if not isinstance(child, beside)), None)
        if isinstance(first, nodes.field_list):
            pairs: Any = first.children
            fields |= {pair[0].astext(): pair[1].astext() for pair in pairs if len(pair) > 1}
            place.remove(first)
    for node in list(tree.findall(nodes.meta)):
        fields.setdefault(str(node.get("name", "")), str(node.get("content", "")))
        node.parent.remove(node)
    return Meta.of({name: value for name, value in fields.items() if name.lower() != "status"})
