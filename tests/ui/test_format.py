import re
from itertools import pairwise, takewhile
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ui import format as formatted
from ui.addresses import Hosts
from ui.api.types import ApiSourceView
from ui.chat import quotations
from ui.chat.quotations import quoted
from ui.texts.chat import TEXTS

ONE = ApiSourceView(number=1, title='The "first" one', text="…")
TWO = ApiSourceView(number=2, title="Costs $5", text="…")
SOURCES = formatted.by_number([ONE, TWO])
HOSTS = Hosts.of(["x.example", "www.x.example", "y.example"])


def test_markers_become_links_to_the_sources():
    shown = formatted.answer("So it is [1]. And [2], too.", "source-3", SOURCES)
    assert shown == (
        'So it is [1](#source-3-1 "The ”first” one"). And [2](#source-3-2 "Costs \\$5"), too.'
    )


def test_a_marker_with_two_numbers_becomes_two_links():
    shown = formatted.answer("So [1, 2].", "s", SOURCES)
    assert shown.count("](#s-") == 2


def test_a_marker_that_names_no_source_stays_text():
    assert formatted.answer("So [7].", "s", SOURCES) == r"So \[7\]."


@pytest.mark.parametrize("text", ["`a [1]`", "```\nx = a [1]\n```", "see [1](https://x.example/)"])
def test_what_looks_like_a_marker_but_is_none(text: str):
    assert formatted.answer(text, "s", SOURCES, HOSTS) == text


def test_while_streaming_every_marker_is_a_link_and_a_begun_one_waits():
    assert formatted.answer("So [9] and [1", "s") == "So [9](#s-9) and"
    assert formatted.answer("So [", "s") == "So"
    assert formatted.answer("So [1", "s", SOURCES) == r"So \[1"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from $5 to $10", r"from \$5 to \$10"),
        (r"already \$5", r"already \$5"),
        ("`$HOME` and $5", r"`$HOME` and \$5"),
        ("```sh\necho $HOME\n```\n$5", "```sh\necho $HOME\n```\n\n\\$5"),
        ("```sh\necho $HOME", "```sh\necho $HOME\n```"),
        ("    echo $HOME", "```\necho $HOME\n```"),
        ("<b>x</b> 1 < 2", r"\<b>x\</b> 1 < 2"),
        ("![x](https://x.example/p.png)", "[x](https://x.example/p.png)"),
        ("[![x](https://x.example/p.png)](https://y.example)", "[x](https://y.example/)"),
        (
            r"\![x](https://x.example/p) \\![x](https://x.example/p) &#33;[x](https://x.example/p)",
            r"\![x](https://x.example/p) \\[x](https://x.example/p) \![x](https://x.example/p)",
        ),
        ("![x][y]\n\n[y]: /p", "!\\[x\\]\\[y\\]\n\n\\[y\\]: /p"),
        ("> ```\n> ![x](https://x.example/p)\n> ```", "> ```\n> ![x](https://x.example/p)\n> ```"),
        ("`a\n\n![x](https://x.example/p) `b", "\\`a\n\n[x](https://x.example/p) \\`b"),
        ("`` a ` ![x](https://x.example/p) ``", "``a ` ![x](https://x.example/p)``"),
        (":red[loud]", r"\:red\[loud\]"),
        ("so :cat: at 10:30:15.", "so :\u2060cat: at 10:30:15."),
        ("so :red\u200b[x](https://x.example/p)", "so \\:red\u200b[x](https://x.example/p)"),
        (
            "a https://x.example/b_c?d=1.",
            r"a [https\://x.example/b_c?d=1](https://x.example/b_c?d=1).",
        ),
        ("<https://x.example/a>", r"[https\://x.example/a](https://x.example/a)"),
        (
            "www.x.example/`![x](https://x.example/p)`",
            r"[www\.x.example/](http://www.x.example/)`![x](https://x.example/p)`",
        ),
        ("**bold** and `code`", "**bold** and `code`"),
        ("- a\n  - *b*\n- c\n\n3. d\n4. e", "- a\n  - *b*\n- c\n\n3. d\n4. e"),
        (
            "|a|b|\n|:-|-:|\n|`x\\|y`|![z](https://x.example/p)|",
            "| a | b |\n| :-- | --: |\n| `x\\|y` | [z](https://x.example/p) |",
        ),
        ("# a\n\nb  \nc\n\n***", "# a\n\nb\\\nc\n\n___"),
        (
            '[a\\\n\\\nb](https://x.example/p "![x](/p)")',
            '[a\\\n\\\nb](https://x.example/p "!\\[x\\](/p)")',
        ),
        (
            '[a\n&#32;\nb](https://x.example/p "![x](/p)")',
            '[a\nb](https://x.example/p "!\\[x\\](/p)")',
        ),
    ],
)
def test_safe_keeps_markdown_and_defuses_the_rest(text: str, shown: str):
    assert formatted.safe(text, HOSTS) == shown


WRITTEN = r"""
[a ](/p␣"t") ") ](/p␣"![x](/p)") ![x](https://evil.example/p.png) ![x][y] ![y] ![ ]( ! [ ] (/p)
[1] [1,␣2] [x](/p) ⏎[y]:␣https://evil.example/p.png⏎ <img␣src=/p> <b> <!-- <https://x.example>
https://x.example/_a_ https:// www.x.example www. &#33; &lt;img␣src=/p&gt; &amp; &#10; &#32;⏎
&#x2028; ␣ ⇥ ↵ ` `` ``` ```` ~~~ ~~~~ ~~ ~ ```sh * ** _ __ \ \\ \⏎ ⏎ ⏎⏎ ⏎␣␣␣␣ ⏎>␣ ⏎-␣ ⏎1.␣ ⏎#␣
⏎===⏎ ⏎---⏎ ⏎***⏎ | ⏎|a|b|⏎|-|-|⏎| ⏎|-|-|⏎ \| $ $$ :red :red[x] :cat: : word
"""
MARKS = str.maketrans({"␣": " ", "⏎": "\n", "⇥": "\t", "↵": "\u2028"})
PIECES = [piece.translate(MARKS) for piece in WRITTEN.split()]
MARKDOWN = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=24).map("".join)
CODE = {"code_inline", "code_block", "fence"}
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""Another reader than ours: it knows HTML and names of addresses."""
ESCAPES = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("text_join")
"""For this one, an escaped character is a token of its own."""
OURS = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
OURS.disable("reference")


def tokens(reader: MarkdownIt, markdown: str) -> list[Token]:
    """Return all tokens, those within others included."""
    waiting, found = reader.parse(markdown), []
    while waiting:
        token = waiting.pop(0)
        found.append(token)
        waiting[:0] = token.children or []
    return found


def code(reader: MarkdownIt, markdown: str) -> list[str]:
    found = (token.content for token in tokens(reader, markdown) if token.type in CODE)
    return [content.replace("\u2060", "").rstrip("\n") for content in found]


EMOJI = re.compile(r":(?![\w+\-/]*https?:)[a-z_+\-][\w+\-/]*:", re.IGNORECASE)
NAMED = re.compile(r":[^ \n!-,./:-@\[-^`{-~]+\[")


def harmless(markdown: str) -> None:
    for token in tokens(READER, markdown):
        assert token.type not in {"image", "html_inline", "html_block"}, markdown
        assert token.type != "text" or not EMOJI.search(token.content), markdown
    for token, after in pairwise([*tokens(ESCAPES, markdown), Token("", "", 0)]):
        if token.type == "text":
            assert "$" not in token.content, markdown
            followed = token.content + "[" * (after.type == "link_open")
            assert not NAMED.search(followed), markdown


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(MARKDOWN)
def test_no_text_begins_an_image_or_what_streamlit_alone_knows(text: str):
    harmless(formatted.safe(text))
    harmless(formatted.safe(text, HOSTS))
    harmless(formatted.answer(text, "s", SOURCES))
    harmless(formatted.literal(text))
    harmless(quoted(text))
    source = ApiSourceView(number=1, title=text, text="")
    harmless(formatted.answer(f"So [1]. {text}", "s", formatted.by_number([source])))
    label = formatted.source_label(source)
    harmless(label)
    assert len(label.splitlines()) == 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(MARKDOWN)
def test_no_beginning_of_a_text_does_either(text: str):
    for end in range(len(text)):
        harmless(formatted.answer(text[:end], "s"))


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(MARKDOWN)
def test_code_stays_as_it_is(text: str):
    lines = "\n".join(text.splitlines())
    found = iter(code(READER, formatted.safe(text)))
    added: list[str] = []
    for content in code(OURS, lines):
        added += takewhile(lambda one, content=content: one != content, found)
    added += found
    kept = [one for one in code(READER, formatted.safe(text)) if one not in added]
    assert kept == [one for one in code(OURS, lines) if one not in added]
    assert [one for one in added if not ADDRESS.fullmatch(one)] == []


BARE = re.compile(r"(?:https?://|www(?=\.))[-.\w]", re.IGNORECASE)
"""Of what Streamlit's own reader makes links, wherever it stands in a text, escaped or not."""
ADDRESS = re.compile(r"\S+")
EVERYWHERE = Hosts.of(["*"])
ELSEWHERE = Hosts.of(["x.example"])


def links(markdown: str) -> list[str]:
    """Return where all links of a text lead, as Streamlit's reader sees them."""
    found, inside = [], 0
    for token in tokens(READER, markdown):
        inside += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "link_open":
            found.append(str(token.attrs["href"]))
        elif token.type == "text" and not inside:
            found += BARE.findall(token.content)
    return found


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(MARKDOWN)
def test_a_text_links_only_to_hosts_that_it_may(text: str):
    for markdown in (formatted.safe(text), formatted.literal(text), quoted(text)):
        assert links(markdown) == [], markdown
    beginning = formatted.answer(text, "s")
    assert [link for link in links(beginning) if not link.startswith("#s-")] == []
    for link in links(formatted.safe(text, ELSEWHERE)):
        assert urlsplit(link).hostname == "x.example", link
    for link in links(formatted.safe(text, EVERYWHERE)):
        assert re.match(r"https?://[^/]|mailto:", link), link
    harmless(formatted.safe(text, EVERYWHERE))


def test_the_property_notices_what_streamlit_links():
    assert links("so https\\://evil.example") == ["https://e"]
    assert links("so www\\.evil.example") == ["www."]
    assert links("[a](https://evil.example)") == ["https://evil.example"]


def test_literal_shows_every_character():
    assert formatted.literal("*a* [b](c)\n\n# d $5") == r"\*a\* \[b\]\(c\) \# d \$5"
    assert formatted.literal("a &lt; b") == r"a \&lt; b"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://x.example/a/b/", "[x\\.example/a/b](https://x.example/a/b/)"),
        ("https://x.example/a(1) b", "[x\\.example/a\\(1\\) b](https://x.example/a%281%29%20b)"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("https://[broken", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_web_addresses_become_links(url: str | None, link: str):
    assert formatted.source_link(url, HOSTS) == link


def test_labels_and_durations():
    assert (
        formatted.source_label(ApiSourceView(number=3, title="a *b*", text=""))
        == "**3**\u2002a \\*b\\*"
    )
    assert formatted.seconds(0.021, ".") == "0.02\u202fs"
    assert formatted.seconds(2.44, ",") == "2,4\u202fs"


def test_sentences_lose_their_markers():
    assert formatted.without_markers("It is so [1] [2].") == "It is so."


@pytest.mark.parametrize(
    ("place", "language", "shown"),
    [
        ("page 3", "en", "page 3"),
        ("page 3 – page 4", "de", "Seite 3 – Seite 4"),
        ("slide 2", "de", "Folie 2"),
        ("sheet Preise", "de", "Blatt Preise"),
        ("", "de", ""),
    ],
)
def test_the_place_of_a_passage_is_told_in_the_readers_language(place, language, shown):
    assert quotations.placed(place, TEXTS[language]) == shown
