"""What HTML means by its form, brought into what Markdown can say.

Works on a parsed page in place: what opens on a press, definition lists and tabs get headings; the
table around a layout goes; superscript digits stay apart from the number before them.
"""

import re
from typing import TYPE_CHECKING, Final

from assistant.knowledge.readers.html.boilerplate import gone
from assistant.knowledge.readers.raised import lowered, raised

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_DEEPEST: Final = 6
_LEVEL: Final = "data-level"
_SHORT_ANSWER: Final = 60
"""Characters of a definition, on average, up to which a list of definitions is a list of facts."""
_CALLOUT: Final = re.compile(
    r"-(?:admonition|callout|alert|notice|note|notes|tip|info|information|hint|important|warning"
    r"|caution|danger|attention|success|message-?box)-"
)
_LABELS: Final = re.compile(r"-(note|tip|hint|important|warning|caution|danger|attention)-")
_TITLE: Final = re.compile(r"(?:^|-)(?:admonition-)?(?:title|heading)(?:$|-)")
_SHUT: Final = re.compile(
    r"-(?:expand-control(?:-text)?|accordion-(?:header|title|button)|faq-question)-"
)
_MARKS: Final = frozenset({"¶", "#", "§", "🔗", ""})
_LONGEST_ALT: Final = 40
_FILE: Final = re.compile(r"(?i)\.(?:png|jpe?g|gif|svg|webp)$|^(?:image|bild|screenshot)\b")
_LINKS: Final = ("http://", "https://", "mailto:", "tel:")


def normalise(soup: "BeautifulSoup", base: str = "") -> None:
    """Bring a stripped page into what Markdown can say. base: the page's address, if known."""
    _exports(soup)
    _headings(soup)
    _levels(soup)
    _opening(soup)
    _tabs(soup)
    _definitions(soup)
    _layout_tables(soup)
    _callouts(soup)
    _signs(soup)
    _pictures(soup)
    _addresses(soup, base)


def _exports(soup: "BeautifulSoup") -> None:
    """Read Confluence's storage format: bodies of macros are text, code is code."""
    for tag in soup.find_all("ac:plain-text-body"):
        tag.name = "pre"
    for tag in soup.find_all(re.compile(r"^(?:ac|ri):")):
        tag.unwrap()


def _headings(soup: "BeautifulSoup") -> None:
    for tag in soup.select("[role=heading]"):
        level = str(tag.get("aria-level", "2"))
        tag.name = f"h{level}" if level in "123456" else "h2"
    for heading in soup.find_all(_HEADINGS):
        for link in heading.find_all("a"):
            if link.get_text(strip=True).strip("\u200b") in _MARKS:
                link.decompose()
        if not heading.get_text(strip=True) and not heading.find("img"):
            heading.decompose()


def _opening(soup: "BeautifulSoup") -> None:
    """Make a heading of what is pressed to see more."""
    for summary in soup.find_all("summary"):
        if _closes(summary.parent or summary):
            _as_heading(summary)
        else:
            _as_line(soup, summary)
    for control in soup.find_all(_opens):
        if not gone(control) and not control.find_parent(_HEADINGS):
            _as_heading(control)


def _opens(tag: "Tag") -> bool:
    """Return whether something is pressed to see more, and is no heading yet."""
    named = tag.has_attr("aria-expanded") or _SHUT.search(_names(tag)) is not None
    return named and not tag.find(_HEADINGS)


def _tabs(soup: "BeautifulSoup") -> None:
    """Put the name of a tab above what it shows."""
    named = {str(tag.get("id")): tag for tag in soup.select("[role=tab], [aria-controls]")}
    controls = {str(tag["aria-controls"]): tag for tag in soup.select("[aria-controls]")}
    for panel in soup.select("[role=tabpanel]"):
        label = named.get(str(panel.get("aria-labelledby", " "))) or controls.get(
            str(panel.get("id", " "))
        )
        if label is not None and not gone(label) and label.get_text(strip=True):
            heading = soup.new_tag(_level_below(panel))
            heading.string = label.get_text(" ", strip=True)
            panel.insert(0, heading)
            label.decompose()


def _definitions(soup: "BeautifulSoup") -> None:
    """Make headings of terms with long definitions, and a list of short ones."""
    for terms in soup.find_all("dl"):
        details = terms.find_all("dd")
        lengths = [len(tag.get_text(" ", strip=True)) for tag in details]
        if details and sum(lengths) / len(details) <= _SHORT_ANSWER:
            _as_list(soup, terms)
            continue
        for term in terms.find_all("dt"):
            if term.find_parent("dl") is not terms:
                continue
            before = term.find_previous_sibling(("dt", "dd", *_HEADINGS))
            if before is not None and before.get("data-term"):
                before.append(f", {term.get_text(' ', strip=True)}")
                term.decompose()
            else:
                _as_heading(term)
                term["data-term"] = "1"
        for tag in details:
            tag.name = "div"
        terms.name = "div"


def _as_list(soup: "BeautifulSoup", terms: "Tag") -> None:
    """Make items ``term: definition``."""
    for tag in terms.find_all("dd"):
        term = tag.find_previous_sibling("dt")
        if term is not None:
            words = term.get_text(" ", strip=True)
            _say(soup, tag, words if words.endswith(("?", ":")) else f"{words}:")
        tag.name = "li"
    for term in terms.find_all("dt"):
        term.decompose()
    terms.name = "ul"


def _layout_tables(soup: "BeautifulSoup") -> None:
    """Take away tables that only say where things stand."""
    for item in soup.select("td li, th li"):
        if item.find_next_sibling("li") is not None:
            item.append("; ")
        item.name = "span"
    for table in reversed(soup.find_all("table")):
        role = str(table.get("role", ""))
        rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
        widest = max((len(row.find_all(("td", "th"), recursive=False)) for row in rows), default=0)
        blocks = table.find((*_HEADINGS, "pre", "table"))
        heads = any(row.find("th", recursive=False) for row in rows)
        if blocks is not None and blocks.name == "table" and heads and widest > 1:
            _flatten(table)
        elif widest <= 1 or blocks or (role in {"presentation", "none"} and len(rows) == 1):
            inner = table.find_all(("thead", "tbody", "tfoot", "tr", "td", "th", "caption"))
            own = [part for part in inner if part.find_parent("table") is table]
            for part in [table, *own]:
                part.name = "div"


def _flatten(table: "Tag") -> None:
    """Make text of the tables in the cells of one that has headings."""
    parts = table.find_all(("table", "tbody", "thead", "tr", "td", "th"))
    for inner in [p for p in parts if p.name == "table" or p.find_parent("table") is not table]:
        if inner.name in {"td", "th"}:
            inner.append(" ")
        inner.name = "span"


def _callouts(soup: "BeautifulSoup") -> None:
    """Name what warns: its colour and its sign are gone."""
    for tag in soup.find_all(("div", "aside", "section", "blockquote")):
        names = _names(tag)
        if not _CALLOUT.search(names) or not tag.get_text(strip=True) or tag.find_parent("table"):
            continue
        title = tag.find(lambda one: one.name in {"p", "div", "span"} and _is_title(one))
        if title is not None and not title.find(("strong", "b")):
            title.name = "p"
            title.string = title.get_text(" ", strip=True)
            _say(soup, title, f"{title.get_text().rstrip(':')}:", instead=True)
            continue
        label = _LABELS.search(names)
        begins = tag.get_text(" ", strip=True).casefold()
        if title is None and label and label.group(1) not in begins[: len(label.group(1)) + 12]:
            _say(soup, tag.find("p") or tag, f"{label.group(1).capitalize()}:")


def _is_title(tag: "Tag") -> bool:
    return (
        bool(_TITLE.search(_names(tag).strip("-")))
        and len(tag.get_text(strip=True)) <= _SHORT_ANSWER
    )


def _say(soup: "BeautifulSoup", tag: "Tag", words: str, *, instead: bool = False) -> None:
    """Put bold words at the beginning of an element, or in its place."""
    bold = soup.new_tag("strong")
    bold.string = words
    if instead:
        tag.clear()
    else:
        tag.insert(0, " ")
    tag.insert(0, bold)


def _signs(soup: "BeautifulSoup") -> None:
    """Keep raised and lowered digits apart from the number before them."""
    for tag in soup.find_all(("sup", "sub")):
        text = tag.get_text(strip=True).strip("[]")
        tag.replace_with(raised(text) if tag.name == "sup" else lowered(text))
    for tag in soup.find_all("wbr"):
        tag.decompose()


def _pictures(soup: "BeautifulSoup") -> None:
    """Say what a small picture in a sentence shows; other pictures cannot be read."""
    for image in soup.find_all("img"):
        label = " ".join(str(image.get("alt", "")).split())
        holder = image.find_parent(("p", "li", "td", "th", "span"))
        beside = holder is not None and holder.get_text(strip=True)
        if label and beside and len(label) <= _LONGEST_ALT and not _FILE.search(label):
            before, after = str(image.previous_sibling or " "), str(image.next_sibling or " ")
            left, right = " " * (not before[-1:].isspace()), " " * after[:1].isalnum()
            image.replace_with(f"{left}{label}{right}")
        else:
            image.decompose()


def _addresses(soup: "BeautifulSoup", base: str) -> None:
    """Keep addresses that lead somewhere from here; of others, the words."""
    from urllib.parse import urljoin

    for link in soup.find_all("a"):
        target = str(link.get("href", ""))
        if base and target and not target.startswith(("#", "javascript:", "data:")):
            target = urljoin(base, target)
        if target.startswith(_LINKS) and link.get_text(strip=True):
            link["href"] = target
        else:
            link.unwrap()


def _closes(tag: "Tag") -> bool:
    """Return whether nothing that a heading inside would wrongly stand above follows an element."""
    from bs4 import Tag

    for box in tag.next_elements:
        if not isinstance(box, Tag) or tag in box.parents or not box.get_text(strip=True):
            continue
        return box.name in {*_HEADINGS, "details", "summary"} or bool(
            box.find((*_HEADINGS, "details"), recursive=False) or box.find((*_HEADINGS, "summary"))
        )
    return True


def _as_line(soup: "BeautifulSoup", tag: "Tag") -> None:
    words = tag.get_text(" ", strip=True)
    tag.name = "p"
    _say(soup, tag, words, instead=True)


def _as_heading(tag: "Tag") -> None:
    tag.name = _level_below(tag)


def _level_below(tag: "Tag") -> str:
    """Return the heading one level below the one that ``tag`` stands under."""
    return f"h{min(int(str(tag.get(_LEVEL) or 1)) + 1, _DEEPEST)}"


def _levels(soup: "BeautifulSoup") -> None:
    """Note at each element under which level of heading it stands; what opens counts for none."""
    level = 1
    for tag in soup.find_all(True):
        tag[_LEVEL] = str(level)
        if tag.name in _HEADINGS and not tag.select_one("[aria-expanded]"):
            level = int(tag.name[1])


def _names(tag: "Tag") -> str:
    classes = " ".join(str(name) for name in tag.get_attribute_list("class") if name)
    return f"-{re.sub(r'[^A-Za-z0-9]+', '-', classes).lower()}-"
