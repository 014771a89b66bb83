"""HTML as help centres, wikis and sites write it."""

import pytest

from assistant.knowledge.documents import Document
from assistant.knowledge.readers import html
from assistant.knowledge.readers.options import Note, ReadingOptions

FRAME = "<html lang='en'><head><title>Help</title></head><body>{}</body></html>"
PROSE = "<p>The device is paired by pressing both buttons for five seconds until it blinks.</p>"


def document(page: str) -> Document:
    [item] = (
        one
        for one in html.read(page.encode(), "page.html", ReadingOptions())
        if isinstance(one, Document)
    )
    return item


def text(body: str) -> str:
    """Return the Markdown of a page with this body."""
    return document(FRAME.format(body)).markdown


def test_several_articles_and_their_common_heading_are_kept():
    found = text(
        "<h1>Questions</h1><article><h2>One?</h2><p>First.</p></article>"
        "<article><h2>Two?</h2><p>Second.</p></article>"
    )
    assert found == "# Questions\n\n## One?\n\nFirst.\n\n## Two?\n\nSecond."


@pytest.mark.parametrize(
    "frame",
    [
        "<nav><a href='/'>GONE</a></nav>",
        "<div role='navigation'><a href='/'>GONE</a></div>",
        "<header><a href='/'>GONE</a></header>",
        "</main><footer>GONE</footer><main>",
        "<div class='breadcrumbs'><a href='/'>GONE</a> › Here</div>",
        "<div id='sideNavBox'><ul><li><a href='/a'>GONE</a></li></ul></div>",
        (
            "<aside class='sidebar'><ul><li><a href='/a'>GONE</a></li><li><a>GONE</a>"
            "</li></ul></aside>"
        ),
        "<section><h2>Related articles</h2><ul><li><a href='/a'>GONE</a></li></ul></section>",
        "<h3>Siehe auch</h3><ul><li><a href='/a'>GONE</a></li><li><a href='/b'>GONE</a></li></ul>",
        (
            "<ul><li><a href='#a'>GONE</a></li><li><a href='#b'>GONE</a></li><li>"
            "<a href='#c'>G</a></li></ul>"
        ),
        "<div>Was this article helpful? <a>GONE</a></div>",
        "<p>Please <a href='/in'>sign in</a> to leave a comment.</p>",
        "<form><label>E-mail</label><input name='mail'><button>GONE</button></form>",
        "<div class='cookie-banner'>GONE We use cookies. <button>Accept</button></div>",
        "<div class='article-comments'><h2>Comments</h2><p>GONE It never worked for me.</p></div>",
        "<script>GONE()</script><style>.GONE{}</style><svg><text>GONE</text></svg>",
        "<!-- GONE -->",
        "<img src='data:image/png;base64,GONE'>",
        "<select><option>GONE</option></select>",
        "<p>The fee is 9 euros <del>GONE 12 euros</del>.</p>",
    ],
)
def test_what_stands_around_the_content_is_left_out(frame):
    found = text(f"<main>{PROSE}{frame}{PROSE}</main>")
    assert found.count("both buttons") == 2
    assert "GONE" not in found
    assert "sign in" not in found


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>GONE</p>",
        "<div style='display: none'>GONE</div>",
        "<div style='visibility:hidden'>GONE</div>",
        "<span aria-hidden='true'>GONE</span>",
        "<p class='visually-hidden'>GONE</p>",
        "<style>.off { display:none }</style><p class='off'>GONE</p>",
        "<style>#off { display:none }</style><p id='off'>GONE</p>",
        "<p style='position:absolute; left:-9999px'>GONE</p>",
        "<p style='font-size:0'>GONE</p>",
        "<p style='color:#fff;background:#fff'>GONE</p>",
        "<template><p>GONE</p></template>",
        "<noscript>GONE</noscript>",
        "<input type='hidden' value='GONE'>",
        "<dialog>GONE</dialog>",
    ],
)
def test_what_a_reader_cannot_see_is_left_out(hidden):
    assert "GONE" not in text(f"<main>{PROSE}{hidden}</main>")


def test_hidden_text_is_told():
    page = FRAME.format(f"<main>{PROSE}<p hidden>{'Only for us. ' * 5}</p></main>")
    notes = [
        one for one in html.read(page.encode(), "a.html", ReadingOptions()) if isinstance(one, Note)
    ]
    assert [note.what for note in notes] == ["text of a page that is hidden from its readers"]


@pytest.mark.parametrize(
    "shut",
    [
        (
            "<button aria-controls='a1' aria-expanded='false'>Refund?</button>"
            "<div id='a1' hidden>{}</div>"
        ),
        (
            "<button class='accordion'>Refund?</button>"
            "<div class='panel' style='display:none'>{}</div>"
        ),
        "<details><summary>Refund?</summary>{}</details>",
        (
            "<h3><button data-bs-target='#c'>Refund?</button></h3>"
            "<div class='collapse' id='c'>{}</div>"
        ),
        (
            "<div class='expand-container'><div class='expand-control'>"
            "<span class='expand-control-text'>Refund?</span></div>"
            "<div class='expand-content expand-hidden'>{}</div></div>"
        ),
    ],
)
def test_what_opens_on_a_press_is_kept_under_its_words(shut):
    found = text(f"<main><h1>Money</h1>{PROSE}{shut.format('<p>Within 14 days.</p>')}</main>")
    assert "Refund?\n\nWithin 14 days." in found
    assert found.split("Refund?")[0].endswith("# ")


def test_what_follows_something_shut_does_not_come_under_its_heading():
    found = text("<h1>A</h1><details><summary>More?</summary><p>In.</p></details><p>Out.</p>")
    assert found == "# A\n\n**More?**\n\nIn.\n\nOut."


def test_callouts_keep_what_they_warn_of():
    found = text(
        f"<main>{PROSE}<div class='alert alert-danger'>Data is lost.</div>"
        "<aside class='note'><p>Port 8443 must be open.</p></aside>"
        "<div class='admonition warning'><p class='admonition-title'>Warning</p>"
        "<p>Hot!</p></div></main>"
    )
    assert "**Danger:** Data is lost." in found
    assert "**Note:** Port 8443 must be open." in found
    assert "**Warning:**\n\nHot!" in found


def test_a_page_inside_one_form_is_read():
    found = text(
        "<form id='aspnetForm' action='/p.aspx'><input type='hidden' name='__VIEWSTATE' value='x'>"
        f"<div class='ms-core-navigation'><a href='/'>Home</a></div><h1>Laptops</h1>"
        f"{PROSE * 3}</form>"
    )
    assert found.startswith("# Laptops\n\nThe device")
    assert "Home" not in found


def test_long_definitions_have_headings_and_short_ones_are_a_list():
    long = (
        "<dd>An interface by which two programs talk to each other without a person between.</dd>"
    )
    assert text(f"<h1>Words</h1><dl><dt>API</dt><dt>Interface</dt>{long}</dl>").startswith(
        "# Words\n\n## API, Interface\n\nAn interface"
    )
    assert text("<h1>Box</h1><dl><dt>Size</dt><dd>3 m<sup>2</sup></dd></dl>") == (
        "# Box\n\n- **Size:** 3 m²"
    )


def test_tables_keep_their_headings_whatever_spans():
    found = text(
        "<table><thead><tr><th rowspan=2>Plan</th><th colspan=2>Price</th></tr>"
        "<tr><th>month</th><th>year</th></tr></thead>"
        "<tr><td rowspan=2>Team</td><td>9 €</td><td>90 €</td></tr><tr><td>8 €</td>"
        "<td>a | b</td></tr>"
        "</table>"
    )
    assert found == (
        "| Plan | Price / month | Price / year |\n| --- | --- | --- |\n"
        "| Team | 9 € | 90 € |\n| Team | 8 € | a \\| b |"
    )


def test_rows_without_headings_stay_rows():
    found = text(
        "<table><tr><td>Price</td><td>5 €</td></tr><tr><td>Term</td><td>1 year</td></tr></table>"
    )
    assert found == "|  |  |\n| --- | --- |\n| Price | 5 € |\n| Term | 1 year |"


def test_tables_of_layout_are_no_tables():
    inner = "<table><tr><th>Day</th><th>Open</th></tr><tr><td>Mon</td><td>9–18</td></tr></table>"
    assert text(f"<table><tr><td><h1>Hours</h1>{PROSE}</td><td>{inner}</td></tr></table>") == (
        "# Hours\n\nThe device is paired by pressing both buttons for five seconds until "
        "it blinks.\n\n"
        "| Day | Open |\n| --- | --- |\n| Mon | 9–18 |"
    )


def test_code_is_left_as_it_is():
    code = "<pre><code class='language-java'><span class='comments'>// a  b</span>\nx</code></pre>"
    assert text(f"<main>{PROSE}{code}</main>").endswith("```java\n// a  b\nx\n```")


def test_raised_figures_and_footnotes_stay_apart_from_the_number_before():
    found = text("<p>It costs 30<sup><a href='#f'>1</a></sup> euros, H<sub>2</sub>O.</p>")
    assert found == "It costs 30¹ euros, H₂O."


def test_addresses_that_lead_nowhere_from_here_are_words():
    page = "<link rel=canonical href='https://h.example/a/b'>{}"
    body = (
        "<p>See <a href='/x'>this</a>, <a href='#y'>that</a>, "
        "<a href='mailto:a@b.example'>us</a>.</p>"
    )
    assert text(body) == "See this, that, [us](mailto:a@b.example)."
    assert "[this](https://h.example/x)" in document(page.format(body)).markdown


def test_a_small_picture_in_a_sentence_says_what_it_shows():
    assert text("<p>Press <img alt='gear icon' src='g.png'> twice.</p>") == "Press gear icon twice."


def test_confluence_says_when_a_page_was_changed_and_its_storage_format_is_read():
    page = document(
        "<html><head><title>VPN</title></head><body><div id='main'><h1>VPN</h1><div class="
        "'page-metadata'>Created by Max, last modified on Jan 05, 2026</div>"
        "<p>Install it.</p></div>"
        "<p>Document generated by Confluence on Jan 06, 2026 10:00</p></body></html>"
    )
    assert (page.date, page.markdown) == ("2026-01-05", "# VPN\n\nInstall it.")
    found = text(
        "<ac:structured-macro ac:name='code'><ac:parameter ac:name='language'>bash</ac:parameter>"
        "<ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>"
        "<ac:structured-macro ac:name='info'><ac:rich-text-body><p>At 2.</p></ac:rich-text-body>"
        "</ac:structured-macro>"
    )
    assert found == "```\na < b\n```\n\nAt 2."


def test_a_page_that_only_leads_elsewhere_is_a_redirect():
    page = (
        "<html><head><meta http-equiv='refresh' content='0; url=/new'></head><body></body></html>"
    )
    [note] = html.read(page.encode(), "old.html", ReadingOptions())
    assert (note.kind, note.what) == ("left out", "a redirect")


def test_a_page_is_read_in_the_encoding_it_names():
    page = "<html><head><meta charset='windows-1251'></head><body><p>Привет</p></body></html>"
    [found] = html.read(page.encode("cp1251"), "a.html", ReadingOptions())
    assert found.markdown == "Привет"


@pytest.mark.parametrize("piece", ["<table><td>", "<b", "<details><summary>", "<a href="])
def test_time_grows_with_what_is_sent(piece):
    """By steps that the parser takes, not by a clock: what comes out grows as what goes in."""
    sizes = [len(html.fragment(piece * count)) for count in (20, 40)]
    assert sizes[1] <= 2 * sizes[0] + 100


@pytest.mark.parametrize(
    "rule",
    [
        "span.v{display:none}",
        ".a .v{display:none}",
        "div>.v, p>.v{visibility:hidden}",
        "@media screen{.v{display:none}}",
        '@charset "utf-8";.v{display:none}',
        "/* x */ .v{display:none}",
        "<!-- .v{display:none} -->",
    ],
)
def test_what_the_pages_own_rules_hide_is_left_out(rule):
    assert "GONE" not in text(
        f"<style>{rule}</style>{PROSE}<p class=a><span class=v>GONE</span></p>"
    )
    assert "kept" in text("<style>@media print{.v{display:none}}</style><p class=v>kept</p>")


@pytest.mark.parametrize(
    "content",
    [
        "<h2>Attachments</h2><p>Max. size is 25 MB.</p>",
        "<h2>Inhalt</h2><p>1 Ladegerät, 1 Kabel, 25 MB.</p>",
        "<div class='menu'>Montag: Suppe, 25 MB.</div>",
        "<div class='meta'><table><tr><td>Version</td><td>25 MB.</td></tr></table></div>",
        "<div class='login'>Log in with your number: 25 MB.</div>",
        "<section id='cookies'><h2>Cookies</h2><p>They hold 25 MB.</p></section>",
    ],
)
def test_what_is_only_called_like_a_frame_is_kept(content):
    assert "25 MB." in text(f"<main>{PROSE}{content}</main>")


def test_an_answer_that_is_shut_behind_its_question_is_kept():
    shut = (
        "<dd style='display:none'>Drei Wochen lang, und danach ist ganz sicher Schluss damit.</dd>"
    )
    found = text(f"{PROSE}<dl class='list'><dt><a href='#'>Wie lange?</a></dt>{shut}</dl>")
    assert found.endswith(
        "- **Wie lange?** Drei Wochen lang, und danach ist ganz sicher Schluss damit."
    )


def test_signs_lists_and_tables_in_cells_are_words():
    found = text(
        "<table><tr><th>Feature</th><th>Team</th></tr><tr><td>SSO</td><td><img alt='Yes'></td></tr>"
        "<tr><td>Days</td><td><ul><li>28</li><li>2 more</li></ul></td></tr><tr><td>In</td><td>"
        "<table><tr><td>a</td><td>b</td></tr></table></td></tr></table>"
    )
    assert found.endswith("| SSO | Yes |\n| Days | 28; 2 more |\n| In | a b |")
    rows = "<tr><th>Plan</th><th>Seats</th></tr><tr><td>Team</td><td>10</td></tr>"
    assert text(f"<table role='presentation'>{rows}</table>").startswith("| Plan | Seats |")
