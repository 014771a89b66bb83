"""What site generators and note takers add to Markdown, brought into what all of them have.

Docusaurus and MDX, Hugo, Jekyll, MkDocs, GitBook, Sphinx with MyST, GitHub, Notion, Obsidian.
Works on text whose code is set aside (``verbatim``). Warnings keep their word, tabs and what opens
on a press their title; comments and what only a generator can fill in go.
"""

import re
from collections.abc import Iterator
from typing import Final

_COMMENTS: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|\{/\*.{0,4000}?\*/\}|\{\{/\*.{0,4000}?\*/\}\}|\{#(?=\s).{0,4000}?#\}"
    r"|\{::comment\}.{0,20000}?\{:/(?:comment)?\}|\{>>.{0,4000}?<<\}|\{--.{0,4000}?--\}"
    r"|\{\{[<%]\s*(comment|todo)\s*[>%]\}\}.{0,20000}?\{\{[<%]\s*/\s*\1\s*[>%]\}\}"
    r"|\{%-?\s*comment\s*-?%\}.{0,20000}?\{%-?\s*endcomment\s*-?%\}"
    r"|^\[(?://|comment|_metadata_[^\]]*)\]:\s*(?:#|<>)[^\n]*$"
    r"|^%%.{0,2000}?%%[ \t]*$|(?<!\d )%%[^%\n]+%%",
    re.DOTALL | re.MULTILINE,
)
_MODULES: Final = re.compile(
    r"^(?:import\s[^\n]*?['\"][^'\"\n]+['\"];?|import\s*\{[^}]*\}\s*from\s*['\"][^'\"\n]+['\"];?"
    r"|export\s+(?:const|let|var|default|function|async)\b(?:[^\n]*\{.*?^\}[;)]*|[^\n]*))[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_INCLUDES: Final = re.compile(
    r"^[ \t]*(?:-+8<-+[ \t]+\S.*|\{!.*?!\}|!\[\[[^\]\n]+\]\])[ \t]*$", re.MULTILINE
)
_TEMPLATE: Final = re.compile(
    r"\{\{([<%])-?\s*(/?)\s*([\w./-]*)(.{0,2000}?)/?\s*-?[>%]\}\}|\{%-?\s*()([\w./-]*)((?:(?!\{%).){0,2000}?)-?%\}",
    re.DOTALL,
)
_VARIABLE: Final = re.compile(r"\{\{[^{}\n]*\}\}")
_ATTRIBUTE: Final = re.compile(
    r"([\w-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|\{[\"'`]([^\"'`{}]*)[\"'`]\})"
)
_BRACED: Final = re.compile(r"\{\s*(?:[\"']([^\"'{}\n]*)[\"'])\s*\}")
_MARKS: Final = re.compile(
    r"(?<=\S)[ \t]{0,8}\{#[^}\n]*\}[ \t]*$"
    r"|[ \t]{0,8}\{:?\s*(?:[#.][\w-]+|[\w-]+=(?:\"[^\"]*\"|[\w-]+)|\s)+\}",
    re.MULTILINE,
)
_KINDS: Final = (
    "note|tip|hint|info|information|important|warning|caution|danger|error|success|question|faq"
    "|help|example|quote|abstract|summary|bug|failure|attention|seealso|todo|secondary|check|alert"
    "|details|admonition|versionadded|versionchanged|deprecated"
)
_WORDS: Final = {"info": "Note", "information": "Note", "hint": "Tip", "secondary": "Note"}
_SILENT: Final = frozenset(
    """
    question faq help example quote abstract summary details admonition check success alert
    """.split()
)
"""Kinds whose name says nothing that the text does not."""
_GITHUB: Final = re.compile(r"^((?:>[ \t]?)+)\[!(\w+)\][-+]?[ \t]*(.*)$", re.MULTILINE)
_FENCED: Final = re.compile(
    rf"^([ \t>]*):{{3,}}[ \t]*(?:\{{?\.?({_KINDS}|[\w-]+)\}}?)?[ \t]*"
    r"(?:\[([^\]\n]*)\]|([^\n{]*))(?:\{[^\n]*\})?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_INDENTED: Final = re.compile(
    r"^([ \t]*)(!!!|\?\?\?\+?|===[!+]?)[ \t]+"
    r"(?:([\w -]+?)[ \t]*)?(?:\"((?:[^\"\\]|\\.)*)\")?[ \t]*$"
)
_HEADING: Final = re.compile(r"^(#{1,6})[ \t]")
_MYST: Final = re.compile(rf"^\{{({_KINDS})\}}[ \t]*(.*)$", re.IGNORECASE)
_OTHER: Final = re.compile(r"^\{([\w:-]+)\}[ \t]*(.*)$")
_CODE: Final = frozenset(
    "code code-block sourcecode code-cell literalinclude math mermaid parsed-literal prompt".split()
)
_DROPPED: Final = frozenset("toctree contents image figure include raw index only".split())
_CONTROL: Final = frozenset(
    """
    if elsif elif else unless case when for assign capture cycle render link post_url highlight set
    increment decrement layout paginate raw block extends macro call filter with tab tabs ref relref
    param figure img youtube gist
    """.split()
)
"""Tags whose words say what the generator does, and nothing to a reader."""
_FRAME: Final = "\ufdd0"
"""Marks a label; no character of any text."""
_FRAMED: Final = re.compile(rf"^([ \t>]*){_FRAME}(.*)$", re.MULTILINE)
_SAID: Final = ("text", "content", "description", "body")
_NAMED: Final = ("title", "label", "tab", "summary", "question", "header", "heading", "caption")


def plain(text: str) -> tuple[str, set[str]]:
    """Return text that any Markdown parser understands, and what was left out of it.

    The second are phrases for notes: what only the site's generator could fill in.
    """
    missing: set[str] = set()
    text = _COMMENTS.sub("", text)
    text = _MODULES.sub("", text)
    if _INCLUDES.search(text):
        missing.add("a part of another file that the site puts in")
        text = _INCLUDES.sub("", text)
    text = "\n".join(_dedented(text.split("\n")))
    text = _GITHUB.sub(lambda m: f"{m[1]}{label(m[2], m[3])}".rstrip(), text)
    text = _FENCED.sub(lambda m: m[1] + label(m[2] or "", m[3] or m[4] or ""), text)
    text = _TEMPLATE.sub(lambda m: _tag(m, missing), text)
    if _VARIABLE.search(text):
        missing.add("a value that the site fills in")
        text = _VARIABLE.sub("…", text)
    text = _BRACED.sub(lambda m: m[1], text)
    return _MARKS.sub("", text), missing


def fenced(info: str, lines: list[str]) -> list[str] | None:
    """Return what a fence with a directive says (MyST), or None if it is code."""
    kind = _MYST.match(info)
    if kind:
        return [label(kind[1], kind[2]), "", *_unoptioned(lines), ""]
    other = _OTHER.match(info)
    if other is None or other[1].lower() in _CODE:
        return None
    if other[1].lower() in _DROPPED:
        return []
    named = [f"**{other[2]}**", ""] if other[2] else []
    return [*named, *_unoptioned(lines), ""]


def attributes(told: str) -> Iterator[str]:
    """Yield what the attributes of a component or shortcode show to a reader, as Markdown."""
    for name, *values in _ATTRIBUTE.findall(told):
        value = next((value for value in values if value), "").replace('\\"', '"').strip()
        if value and name.lower() in _NAMED:
            yield f"**{value}**"
        elif value and name.lower() in _SAID:
            yield value


def _unoptioned(lines: list[str]) -> list[str]:
    """Return the lines of a directive without its options."""
    place = 0
    while place < len(lines) and re.match(r"^:[\w-]+:", lines[place]):
        place += 1
    return lines[place:]


def label(kind: str, title: str = "") -> str:
    """Return the line that stands for the frame of a callout; nothing for its end.

    It is marked, so that ``apart`` can set it apart once all is plain.
    """
    title = title.strip().strip('"').rstrip(":")
    if title:
        return f"{_FRAME}**{title}**" if title[-1] in "?!." else f"{_FRAME}**{title}:**"
    low = kind.lower()
    if not low or low in _SILENT or not re.fullmatch(_KINDS, low):
        return ""
    return f"{_FRAME}**{_WORDS.get(low, low.capitalize())}:**"


def apart(text: str) -> str:
    """Return text in which what ``label`` wrote stands in paragraphs of its own."""
    own = _FRAMED.sub(lambda m: f"{m[1].rstrip()}\n{m[1]}{m[2]}\n{m[1].rstrip()}", text)
    return own.replace(_FRAME, "")


def _dedented(lines: list[str]) -> Iterator[str]:
    """Yield lines; what stands indented under ``!!!``, ``???`` and ``===`` comes out of there."""
    level = 1
    frames: list[int] = []
    for place, line in enumerate(lines):
        indent = _indent(line)
        while frames and line.strip() and indent <= frames[-1]:
            frames.pop()
        text = line[min(4 * len(frames), indent) :] if line.strip() else ""
        if match := _HEADING.match(text):
            level = len(match[1])
        opened = _INDENTED.match(line.replace("\t", "    "))
        if opened is None or (opened[2].startswith("===") and opened[4] is None):
            yield text
            continue
        outermost = not frames
        frames.append(indent)
        before = text[: _indent(text)]
        kind = "" if opened[2].startswith("===") else (opened[3] or "").split(" ")[0]
        title = opened[4] or ""
        asks = opened[2].startswith("???") or title.endswith("?")
        if title and asks and not before and outermost and _closes(lines, place):
            yield f"{'#' * min(6, level + 1)} {title}"
        else:
            yield before + label(kind, title)
        yield ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _closes(lines: list[str], start: int) -> bool:
    """Return whether nothing that a heading would wrongly stand above follows a frame."""
    below = (lines[place] for place in range(start + 1, len(lines)))
    after = next((line for line in below if line.strip() and not line.startswith((" ", "\t"))), "#")
    return after.startswith(("#", "???"))


def _tag(found: "re.Match[str]", missing: set[str]) -> str:
    """Return what a tag of a template language shows."""
    name, rest = (found[3] or found[6] or "").lower(), found[4] or found[7] or ""
    if found[2] or name.startswith("end"):
        return ""
    if name in {"include", "readfile", "include-markdown", "embed", "import"}:
        text = " ".join(attributes(rest))
        if not text:
            missing.add("a part of another file that the site puts in")
        return text
    if name in {"hint", "alert", "callout", "admonition", "notice"} or re.fullmatch(_KINDS, name):
        style = re.search(r"(?:style|type|color|kind)\s*=\s*[\"']?(\w+)", rest)
        style = style or re.match(rf"\s*[\"']?({_KINDS})\b", rest, re.IGNORECASE)
        titles = list(attributes(rest))
        quoted = re.search(r"(?<![=\w])[\"]([^\"]+)[\"]", rest)
        if not titles and quoted and not re.fullmatch(_KINDS, quoted[1], re.IGNORECASE):
            titles = [label("", quoted[1])]
        own = _FRAME + titles[0].removeprefix(_FRAME) if titles else ""
        return own or label(style[1] if style else name)
    text = " ".join(attributes(rest))
    if not text and name not in _CONTROL and (words := re.match(r"\s*[\"']([^\"'/.]+)[\"']", rest)):
        text = words[1]
    if name == "tab" and not text:
        quoted = re.search(r"(?:name\s*=\s*)?[\"']([^\"']+)[\"']", rest)
        return f"**{quoted[1]}**" if quoted else ""
    if not text and (term := re.search(r"term_id\s*=\s*[\"']([^\"']+)[\"']", rest)):
        return term[1].replace("-", " ")
    return text.replace("**", "") if name.startswith("glossary") else text
