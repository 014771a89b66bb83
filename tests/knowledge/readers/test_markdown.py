"""Markdown as site generators and note takers write it."""

import re

import pytest

from assistant.errors import LoadError
from assistant.knowledge.documents import Document
from assistant.knowledge.readers import markdown
from assistant.knowledge.readers.options import Note, ReadingOptions


def found(text: str) -> list[Document | Note]:
    return list(markdown.read(text.encode(), "page.md", ReadingOptions(language="en")))


def read(text: str) -> str:
    """Return what a page says, in plain Markdown."""
    [document] = (one for one in found(text) if isinstance(one, Document))
    return document.markdown.strip("\n")


PLAIN = """# Title

A *plain* page with `{{ code }}`, a <YOUR_KEY>, List<String> and a [link](https://e.example).

- one
    - two

| a | b |
|---|---|
| 1 | 2 |

```html
<!-- kept --> {{ kept }}
:::kept
```"""


def test_what_is_plain_stays_as_it_is():
    assert read(PLAIN) == PLAIN


@pytest.mark.parametrize(
    "secret",
    [
        "<!-- GONE -->",
        "<!-- GONE\nover lines -->",
        "{/* GONE */}",
        "[//]: # (GONE)",
        "[comment]: <> (GONE)",
        "%% GONE %%",
        "{% comment %}GONE{% endcomment %}",
        "{{/* GONE */}}",
        "{::comment}\nGONE\n{:/comment}",
        "{{< comment >}}GONE{{< /comment >}}",
        "{>>GONE<<}",
        "{--GONE--}",
        "import Gone from '@site/GONE';",
        "export const x = {\n  a: 'GONE',\n};",
        "<div style='display:none'>GONE</div>",
        "<script>GONE</script>",
        "![GONE](data:image/png;base64,GONE)",
        "[pic]: data:image/png;base64,GONE",
    ],
)
def test_what_is_not_for_readers_is_left_out(secret):
    assert read(f"Before.\n\n{secret}\n\nAfter.") == "Before.\n\nAfter."


@pytest.mark.parametrize(
    ("written", "word"),
    [
        (":::warning\nHot!\n:::", "Warning"),
        (":::warning[Mind the heat]\nHot!\n:::", "Mind the heat"),
        ("::: tip\nHot!\n:::", "Tip"),
        ("> [!CAUTION]\n> Hot!", "Caution"),
        ("!!! danger\n\n    Hot!", "Danger"),
        ('!!! note "Mind the heat"\n    Hot!', "Mind the heat"),
        ('{% hint style="warning" %}\nHot!\n{% endhint %}', "Warning"),
        ("{{< note >}}\nHot!\n{{< /note >}}", "Note"),
        (
            '{{% alert title="Mind the heat" color="warning" %}}\nHot!\n{{% /alert %}}',
            "Mind the heat",
        ),
        ("```{warning}\nHot!\n```", "Warning"),
        (
            '<Admonition type="danger" title="Mind the heat">\n\nHot!\n\n</Admonition>',
            "Mind the heat",
        ),
    ],
)
def test_callouts_keep_their_word_and_lose_their_frame(written, word):
    text = read(f"Before.\n\n{written}\n\nAfter.")
    assert word in text.split("Hot!")[0].split("**")[1]
    for mark in (":::", "!!!", "[!", "{%", "{{", "```", "Admonition"):
        assert mark not in text
    assert text.endswith("After.")
    assert not text.splitlines()[-1].startswith(" ")
    # A callout is a paragraph of its own, also straight below one.
    below = read(f"Before.\n{written}\nAfter.")
    paragraphs = re.split(r"\n[> ]*\n", below)
    assert paragraphs[0].rstrip("> \n") == "Before."
    assert "Before." not in "".join(paragraphs[1:])


def test_a_callout_of_notion_is_text():
    assert read("<aside>\n💡 You get **30 days**.\n\n</aside>\n\nAfter.") == (
        "💡 You get **30 days**.\n\nAfter."
    )


@pytest.mark.parametrize(
    "written",
    [
        '<Tabs groupId="os"><TabItem value="l" label="Linux">\n\n`apt`\n\n</TabItem></Tabs>',
        '=== "Linux"\n\n    `apt`',
        '{% tabs %}\n{% tab title="Linux" %}\n`apt`\n{% endtab %}\n{% endtabs %}',
        '{{< tabs >}}\n{{% tab name="Linux" %}}\n`apt`\n{{% /tab %}}\n{{< /tabs >}}',
    ],
)
def test_tabs_keep_their_names(written):
    assert read(f"Before.\n\n{written}").replace(":**", "**").split() == [
        "Before.",
        "**Linux**",
        "`apt`",
    ]


def test_what_opens_on_a_press_keeps_its_question():
    text = read("<details>\n<summary>Is <b>macOS</b> fine?</summary>\n\nUse *this*.\n\n</details>")
    assert text == "**Is macOS fine?**\n\nUse *this*."
    assert read('# A\n\n??? question "Fine?"\n    Yes.') == "# A\n\n## Fine?\n\nYes."
    # A heading would stand above what follows, too.
    assert read('# A\n\n??? question "Fine?"\n    Yes.\n\nAfter.').startswith("# A\n\n**Fine?**")


def test_html_tables_become_tables():
    text = read(
        "<table><tr><th>Plan</th><th>Users</th></tr>\n<tr><td>Team</td><td>10</td></tr></table>"
    )
    assert text == "| Plan | Users |\n| --- | --- |\n| Team | 10 |"
    assert read("| a | b |\n|---|---|\n| 1<br>2 | 3 |").endswith("| 1; 2 | 3 |")


def test_shortcodes_keep_what_they_show():
    text = read(
        'A {{< glossary_tooltip text="node" term_id="node" >}} runs a '
        '{{< glossary_tooltip term_id="control-plane" >}}. '
        '{% include note.html content="Mind it." %}'
    )
    assert text == "A node runs a control plane. Mind it."


def test_what_only_the_site_can_fill_in_is_told():
    told = found("It costs {{ site.price }} euros.\n\n{% include prices.md %}\n")
    notes = sorted(one.what for one in told if isinstance(one, Note))
    assert notes == [
        "a part of another file that the site puts in",
        "a value that the site fills in",
    ]
    assert "It costs … euros." in next(one for one in told if isinstance(one, Document)).markdown


def test_links_and_notes_stand_for_themselves():
    text = read(
        "See [this][x], [that](other.md), [[Page|words]] and 30 days[^1].\n\n"
        "[x]: https://e.example/x\n[^1]: In the EU.\n"
    )
    assert text == "See [this](https://e.example/x), that, words and 30 days¹.\n\n¹ In the EU."


def test_definition_lists_and_headings_with_marks():
    assert read("Apple\n:   A fruit.\n") == "**Apple:** A fruit."
    assert read("## Prices {#prices}\n\nFree.{: .note }") == "## Prices\n\nFree."


@pytest.mark.parametrize(
    "matter",
    [
        "---\ntitle: VPN\ndate: 2026-02-03\nlang: de\ntags: [net, remote]\n---\n",
        '+++\ntitle = "VPN"\ndate = 2026-02-03\nlang = "de-AT"\ntags = ["net", "remote"]\n+++\n',
        (
            "---\ntitle: VPN\nlast_update:\n  date: 3.2.2026\nlanguage: Deutsch\n"
            "keywords: net, remote\n---\n"
        ),
    ],
)
def test_front_matter_says_what_a_page_is(matter):
    [page] = found(f"{matter}Body.\n")
    assert (page.title, page.date, page.language) == ("VPN", "2026-02-03", "de")
    assert (page.tags, page.markdown) == (("net", "remote"), "Body.\n")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("public: false", "a draft"),
        ("draft: true", "a draft"),
        ("published: false", "a draft"),
        ("status: Archived", "a draft"),
    ],
)
def test_drafts_are_left_out(line, what):
    [note] = found(f"---\n{line}\n---\nNot yet.\n")
    assert (note.kind, note.what) == ("left out", what)


def test_a_date_that_is_none_is_told():
    note, page = found("---\ndate: soon\n---\nBody.\n")
    assert (note.kind, note.where, page.date) == ("warning", "soon", "")


def test_an_audience_without_a_meaning_hides_nothing_and_is_told():
    note, page = found("---\naudience: ITPro\n---\nBody.\n")
    assert (note.kind, note.where, page.audience) == ("warning", "ITPro", "public")
    for said in ("Internal", "[internal]", "internal, developers", "[public, internal]"):
        [page] = found(f"---\naudience: {said}\n---\nBody.\n")
        assert page.audience == "internal"


def test_front_matter_cannot_fill_the_memory():
    bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\n---\nBody.\n"
    with pytest.raises(LoadError, match="aliases are not read"):
        found(bomb)


def test_an_open_fence_goes_on_to_the_end_and_loses_no_line():
    assert read("A\n\n```{note}\nkept one\nkept two").endswith("kept one\nkept two")
    assert read("A\n\n```\n{{ kept }}\nlast").endswith("{{ kept }}\nlast")


PIECES = [
    "<",
    "[",
    "{",
    "<!--",
    "{{<",
    "{%",
    "![",
    "[[",
    "<a ",
    "<A x=",
    "(",
    "`",
    "> ",
    "<b {{",
    "[x](",
]


@pytest.mark.parametrize("piece", PIECES)
def test_nothing_that_is_never_closed_is_lost(piece):
    assert "kept" in read(f"kept {piece * 3} kept\n\nkept too")
