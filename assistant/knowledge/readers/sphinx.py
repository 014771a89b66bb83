"""What Sphinx and its extensions add to reStructuredText, for docutils, which does not know it.

No word is lost that stands in the file: unknown directives keep their content, unknown roles their
text. What is generated from elsewhere cannot be here, and is named.
"""

import re
from typing import Any, Final

from docutils import nodes, utils
from docutils.parsers.rst import Directive, directives, roles
from docutils.statemachine import StringList

_DIRECTIVE: Final = re.compile(
    r"(?m)^[ \t]*(?:[-*+]|\.\.)?[ \t]*(?:\.\.|\|[^|\n]+\|)?[ \t]*([\w:.+-]+?)::(?=\s|$)"
)
_ROLE: Final = re.compile(r":([A-Za-z][\w:.+-]*):`|`:([A-Za-z][\w:.+-]*):")
_GENERATED: Final = re.compile(
    r"(?:auto|doxygen|jupyter-|sphinx)\w+|graphviz|digraph|graph|inheritance-diagram|plot|"
    r"bibliography|program-output|command-output|argparse|click|openapi|literalinclude|mermaid|uml"
    r"|todo|todolist|ipython|video|youtube|iframe"
)
_SILENT: Final = frozenset(
    "toctree index tabularcolumns highlight currentmodule module default-domain sectionauthor "
    "codeauthor moduleauthor program py:currentmodule py:module js:module acks".split()
)
_CODE: Final = frozenset(
    "code-block sourcecode code-tab prompt doctest testcode testoutput productionlist parsed-code "
    "console bash shell".split()
)
_VERSIONS: Final = {
    "versionadded": "New in version", "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version", "versionremoved": "Removed in version",
}  # fmt: skip
_DESCRIBED: Final = frozenset(
    "option cmdoption envvar confval setting describe object function class method attribute data "
    "exception decorator property staticmethod classmethod program-option".split()
)
"""Directives that name a thing and describe it."""
_PARTS: Final = frozenset(
    "only ifconfig tabs tab-set container grid hlist centered glossary".split()
)
"""Directives whose argument, if any, is a condition or a setting."""
_PUBLISHED: Final = re.compile(r"(?<!not )\b(?:html|website|web|public)\b|\bnot\s+(?!html)")
"""Conditions of ``only`` under which a site shows its content."""
_LITERAL: Final = re.compile(
    r"(?:py|c|cpp|js|http|rst|go|php|rb|std):.*|file|samp|command|program|option|envvar|confval|func|class"
    r"|meth|mod|attr|data|exc|const|obj|makevar|mimetype|regexp|code|kbd"
)
_TITLED: Final = re.compile(r"(?s)(.+?)\s*<[^<>]*>")


def register(text: str) -> None:
    """Let docutils know the directives and roles of a text that it does not know yet.

    It has one registry for a process; a name always means the same here, so nothing is taken back.
    """
    for match in _DIRECTIVE.finditer(text):
        name = match[1].lower()
        if name in _CODE or not _known(name):
            directives.register_directive(name, Unknown)
    for match in _ROLE.finditer(text):
        name = (match[1] or match[2]).lower()
        if not _known_role(name):
            register_role: Any = roles.register_local_role
            register_role(name, _role)


def _known(name: str) -> bool:
    from docutils.parsers.rst.languages import en

    return name in en.directives


def _known_role(name: str) -> bool:
    from docutils.parsers.rst.languages import en

    return name in en.roles


class _AnyOption(dict[str, Any]):
    """Takes every option as it is."""

    def __missing__(self, _: str) -> Any:
        return directives.unchanged


class Unknown(Directive):
    """Keeps what a directive says. What it left out is listed in ``document.left_out``."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption(name=directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """Return nodes."""
        name, argument = self.name.lower(), " ".join(self.arguments)
        if _GENERATED.fullmatch(name):
            notes = self.state.document.settings.left_out
            notes.append(f"{name} {argument}".strip())
        if name in _SILENT or _GENERATED.fullmatch(name):
            return []
        if name in _CODE:
            return self._code(name, argument)
        if name in _VERSIONS and argument:
            return self._version(name)
        if name.rpartition(":")[2] in _DESCRIBED or ":" in name:
            return self._described()
        return self._block(name, argument)

    def _block(self, name: str, argument: str) -> list[nodes.Node]:
        if name == "glossary":
            self.content = StringList(_glossary(list(self.content)), source="glossary")
        if name == "only" and not _PUBLISHED.search(argument):
            self.state.document.settings.left_out.append(f"only {argument}")
            return []
        inner = self._parsed()
        if not argument or name in _PARTS:
            return inner
        if name == "seealso":
            return [*self._inline("See also: " + argument), *inner]
        return [nodes.paragraph("", "", nodes.strong("", "", *self._words(argument))), *inner]

    def _parsed(self) -> list[nodes.Node]:
        holder = nodes.Element()
        holder.document = self.state.document
        self.state.nested_parse(self.content, self.content_offset, holder)
        return list(holder.children)

    def _words(self, text: str) -> list[nodes.Node]:
        content, messages = self.state.inline_text(text, self.lineno)
        return [*content, *messages]

    def _inline(self, text: str) -> list[nodes.Node]:
        return [nodes.paragraph("", "", *self._words(text))]

    def _code(self, name: str, argument: str) -> list[nodes.Node]:
        lines = list(self.content)
        if name == "productionlist" and argument:
            lines.insert(0, argument)
        block = nodes.literal_block("\n".join(lines), "\n".join(lines))
        caption = self.options.get("caption") or ""
        return [*(self._inline(caption) if caption else []), block]

    def _version(self, name: str) -> list[nodes.Node]:
        version, *more = " ".join(self.arguments).split(None, 1)
        rest, inner = " ".join(more), self._parsed()
        head = f"{_VERSIONS[name]} {version}"
        if rest:
            return [*self._inline(f"{head}: {rest}"), *inner]
        if inner and isinstance(inner[0], nodes.paragraph):
            inner[0].insert(0, nodes.Text(f"{head}: "))
            return inner
        return [nodes.paragraph("", f"{head}."), *inner]

    def _described(self) -> list[nodes.Node]:
        terms = [
            nodes.term("", "", nodes.literal(line.strip(), line.strip()))
            for line in "\n".join(self.arguments).replace("\\\n", "").split("\n")
            if line.strip()
        ]
        inner = self._parsed()
        if not terms:
            return inner
        item = nodes.definition_list_item("", *terms[:1], nodes.definition("", *inner))
        for term in reversed(terms[1:]):
            item.insert(1, term)
        return [nodes.definition_list("", item)]


def _glossary(lines: list[str]) -> list[str]:
    """Put terms that share a definition in one line, as docutils has it."""
    rows: list[str] = []
    for line in lines:
        term = line.split(" : ")[0].rstrip() if line.strip() and not line[0].isspace() else ""
        above = rows[-1] if rows else ""
        if term and not term.startswith("..") and above.strip() and not above[0].isspace():
            rows[-1] = f"{above}, {term}"
        elif not term.startswith(".. "):
            rows.append(term or line)
    return rows


def _role(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,  # noqa: ARG001  (docutils gives it)
    inliner: Any,  # noqa: ARG001
    options: Any = None,  # noqa: ARG001
    content: Any = None,  # noqa: ARG001
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    words = utils.unescape(text)
    titled = _TITLED.fullmatch(words)
    if titled:
        words = titled[1]
    elif words.startswith("~"):
        words = words.rpartition(".")[2].lstrip("~")
    words = words.lstrip("!")
    if name in {"menuselection", "guilabel"}:
        words = re.sub(r"\s*-->\s*", " → ", words.replace("&&", "\0").replace("&", "")).replace(
            "\0", "&"
        )
    if _LITERAL.fullmatch(name) and not titled:
        return [nodes.literal(rawtext, words)], []
    return [nodes.Text(words)], []
