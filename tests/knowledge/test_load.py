import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.load import Item, ReadingOptions, files, read
from tests.knowledge.files import locked_pdf, pdf

GERMAN = "Ein Zertifikat bestätigt, dass ein öffentlicher Schlüssel zu einer Person gehört."
ENGLISH = "A certificate confirms that a public key belongs to a person or to a server."


class Folder:
    """Writes files and reads them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str, content: str | bytes, **options) -> list[Item]:
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(path, ReadingOptions(**options), source=name)

    def document(self, name: str, content: str | bytes, **options) -> Document:
        [item] = self.read(name, content, **options)
        assert isinstance(item, Document)
        return item

    def entries(self, name: str, content: str | bytes, **options) -> list[Entry]:
        items = self.read(name, content, **options)
        assert all(isinstance(item, Entry) for item in items)
        return items  # type: ignore[return-value]

    def refusal(self, name: str, content: str | bytes, **options) -> LoadError:
        with pytest.raises(LoadError) as caught:
            self.read(name, content, **options)
        assert name in caught.value.message
        assert caught.value.source == name
        assert "\n" not in caught.value.message
        return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# Markdown


def test_front_matter_says_what_a_page_is_and_is_not_part_of_it(folder):
    text = (
        "---\ntitle: Keys\nlanguage: de\naudience: staff\nurl: https://example.com/keys\n"
        "---\n\n# Other heading\n\nBody.\n"
    )
    assert folder.document("page.md", text) == Document(
        source="page.md",
        title="Keys",
        markdown="\n# Other heading\n\nBody.\n",
        language="de",
        audience="staff",
        url="https://example.com/keys",
    )


def test_without_front_matter_title_and_language_are_found(folder):
    page = folder.document("page.md", f"Some words.\n\nSchlüssel\n=========\n\n{GERMAN}\n")
    assert (page.title, page.language, page.audience) == ("Schlüssel", "de", "public")
    assert folder.document("plain.md", ENGLISH).title == "plain"


def test_options_say_what_a_page_does_not(folder):
    page = folder.document("page.md", ENGLISH, language="de", audience="staff")
    assert (page.language, page.audience) == ("de", "staff")
    said = folder.document("page.md", f"---\nlanguage: en\n---\n{ENGLISH}", language="de")
    assert said.language == "en"


@pytest.mark.parametrize("tag", ["de-AT", "de_DE", "DE"])
def test_a_language_tag_is_cut_to_its_language(folder, tag):
    assert folder.document("page.md", f"---\nlanguage: {tag}\n---\n{ENGLISH}").language == "de"
    [row] = folder.entries("rows.jsonl", json.dumps({**TERM, "lang": tag}))
    assert row.language == "de"


def test_broken_front_matter_is_refused_with_its_line(folder):
    error = folder.refusal("page.md", "---\nlanguage: en\ntitle: a: b\n---\nBody.")
    assert "malformed front matter" in error.message
    assert "line 3" in error.message


@pytest.mark.parametrize(
    ("matter", "why"),
    [
        ("date: 2024-13-45", "malformed front matter"),
        ("- a\n- b", "not a mapping"),
        ("title: [unclosed", "malformed front matter"),
    ],
)
def test_front_matter_that_yaml_cannot_take_is_refused(folder, matter, why):
    assert why in folder.refusal("page.md", f"---\n{matter}\n---\nBody.").message


def test_front_matter_alone_is_no_text(folder):
    assert "holds no text" in folder.refusal("page.md", "---\ntitle: Keys\n---\n\n").message


def test_lines_are_counted_as_markdown_counts_them(folder):
    page = folder.document("page.md", "---\r\ntitle: 'A\u2028B'\r\n---\r\nfirst\r\n\r\nlast\r\n")
    assert page.markdown == "first\n\nlast\n"


# HTML

PAGE = """<!doctype html><html lang="de-DE"><head><title>Tarife – Larkspur</title>
<style>p {color: red}</style></head><body><nav>Startseite Kontakt</nav><header>Kopf</header>
<main><h1>Tarife</h1><p>Es gibt <b>zwei</b> Tarife.</p>
<table><tr><th>Tarif</th><th>Preis</th></tr><tr><td>Team</td><td>99 €</td></tr></table>
<script>track()</script><!-- intern --><pre><code>a  b</code></pre></main>
<footer>Impressum</footer></body></html>"""


def test_html_keeps_the_content_and_drops_the_frame(folder):
    page = folder.document("tarife.html", PAGE)
    assert (page.title, page.language) == ("Tarife – Larkspur", "de")
    assert "# Tarife" in page.markdown
    assert "Es gibt **zwei** Tarife." in page.markdown
    assert "| Tarif | Preis |\n| --- | --- |\n| Team | 99 € |" in page.markdown
    assert "a  b" in page.markdown
    for gone in ("track()", "Startseite", "Impressum", "Kopf", "color", "intern"):
        assert gone not in page.markdown


def test_html_without_a_title_takes_its_heading_then_its_file_name(folder):
    text = "<html><title> </title><body>{}<p>Some text in English for you.</p></body></html>"
    assert folder.document("page.html", text.format("<h1>The <i>keys</i></h1>")).title == "The keys"
    assert folder.document("page.htm", text.format("")).title == "page"


def test_html_of_navigation_alone_is_no_text(folder):
    error = folder.refusal("page.html", "<body><nav>Home</nav><script>x</script></body>")
    assert "holds no text" in error.message


@pytest.mark.slow
def test_html_nested_without_end_is_refused(folder):
    assert "nested too deeply" in folder.refusal("page.html", "<div>" * 3_000 + "x").message


# Text


def test_text_is_titled_by_its_file(folder):
    page = folder.document("Notes on keys.txt", ENGLISH)
    assert (page.title, page.markdown, page.language) == ("Notes on keys", ENGLISH, "en")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_text_is_read_in_the_encoding_it_was_saved_in(folder, encoding):
    assert folder.document("a.txt", GERMAN.encode(encoding)).markdown == GERMAN


def test_a_binary_file_is_refused_whatever_its_name(folder):
    error = folder.refusal("photo.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert "binary" in error.message
    assert "UTF-8" in error.hint


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html", "a.csv", "a.jsonl", "a.pdf"])
def test_an_empty_file_is_refused(folder, name):
    folder.refusal(name, b"")


# PDF


def test_the_pages_of_a_pdf_become_one_document(folder):
    page = folder.document("a.pdf", pdf(["The first page.", "The second page."], title="Manual"))
    assert (page.title, page.markdown) == ("Manual", "The first page.\n\nThe second page.")
    assert folder.document("untitled.pdf", pdf(["Some text."], title=" ")).title == "untitled"


def test_a_scanned_pdf_is_refused_with_advice(folder):
    error = folder.refusal("scan.pdf", pdf(["", ""]))
    assert "without text" in error.message
    assert "OCR" in error.hint


@pytest.mark.parametrize(
    "content",
    [
        b"not a pdf at all",
        pdf(["Some text."])[:200],
        pdf(["Some text."]).replace(b"/Type /Pages", b"/Type /Bogus").replace(b"/Kids", b"/Kidz"),
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
    ],
)
def test_a_corrupt_pdf_is_refused(folder, content):
    error = folder.refusal("bad.pdf", content)
    assert "PDF" in error.message
    assert error.hint


def encrypted(user_password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["Some text."]))))
    writer.encrypt(user_password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("content", [encrypted("secret"), locked_pdf()], ids=["rc4", "aes"])
def test_a_pdf_with_a_password_is_refused(folder, content):
    assert "protected by a password" in folder.refusal("locked.pdf", content).message


def test_a_pdf_that_opens_without_a_password_is_read(folder):
    assert folder.document("open.pdf", encrypted("")).markdown == "Some text."


# Rows

TERM = {"term": "Pod", "definition": "The smallest unit that Kubernetes runs."}


def test_glossary_rows(folder):
    row = {
        **TERM,
        "aliases": ["pods", " Kubernetes pod "],
        "language": "en",
        "key": "pod",
        "url": "https://example.com/pod",
        "audience": "staff",
    }
    assert folder.entries("g.jsonl", json.dumps(row) + "\n\n") == [
        Entry(
            source="g.jsonl",
            kind=Kind.GLOSSARY,
            name="Pod",
            text="The smallest unit that Kubernetes runs.",
            language="en",
            aliases=("pods", "Kubernetes pod"),
            key="pod",
            audience="staff",
            url="https://example.com/pod",
        )
    ]


def test_faq_rows(folder):
    row = {"question": "Wie geht das?", "answer": GERMAN, "alternatives": ["Was tun?"]}
    [entry] = folder.entries("faq.jsonl", json.dumps(row))
    assert entry.kind is Kind.FAQ
    assert (entry.name, entry.text, entry.aliases) == ("Wie geht das?", GERMAN, ("Was tun?",))
    assert (entry.language, entry.key, entry.audience) == ("de", "", "public")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A group of containers", "en"),
        ("The first thing that is read", "en"),
        ("Eine Gruppe von Containern", "de"),
        ("Das Erste, was gelesen wird", "de"),
    ],
)
def test_the_language_of_a_short_definition_is_found(folder, text, language):
    [entry] = folder.entries("g.jsonl", json.dumps({"term": "Pod", "definition": text}))
    assert entry.language == language


@pytest.mark.parametrize(
    ("aliases", "read"),
    [("a; b ;", ("a", "b")), (["a", "b"], ("a", "b")), ("", ()), ([], ()), (None, ())],
)
def test_aliases_are_a_list_or_a_text(folder, aliases, read):
    [entry] = folder.entries("g.jsonl", json.dumps({**TERM, "aliases": aliases}))
    assert entry.aliases == read


@pytest.mark.parametrize("aliases", [7, [1, 2], {"a": "b"}])
def test_aliases_of_another_kind_are_refused(folder, aliases):
    error = folder.refusal("g.jsonl", json.dumps({**TERM, "aliases": aliases}))
    assert error.message.startswith("g.jsonl:1 has aliases that are not texts")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"term": "Node", "definition": ', "not valid JSON"),
        ('["Node", "A machine."]', "not a JSON object"),
        ('{"term": "Node"}', "neither term and definition nor question and answer"),
    ],
)
def test_a_bad_line_is_named(folder, line, why):
    good = json.dumps(TERM)
    error = folder.refusal("g.jsonl", f"{good}\n\n{line}\n{good}\n")
    assert error.message.startswith("g.jsonl:3 ")
    assert why in error.message


def test_json_nested_without_end_is_refused(folder):
    assert "nested too deeply" in folder.refusal("g.jsonl", "[" * 200_000).message


def test_a_line_separator_inside_a_json_text_does_not_end_the_line(folder):
    text = "First line.\u2028Second line.\x85"
    row = json.dumps({"term": "Pod", "definition": text}, ensure_ascii=False)
    [entry] = folder.entries("g.jsonl", row)
    assert entry.text == text.strip()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_quoted_newlines_and_separators(folder, separator):
    long = f'A group{separator} of\n"containers"; really, {separator}yes'
    rows = [["term", "definition", "aliases"], ["Pod", long, "pods"], ["Node", "A machine.", ""]]
    quoted = (('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows[1:])
    text = "\r\n".join([separator.join(rows[0]), *(separator.join(row) for row in quoted)])
    pod, node = folder.entries("g.csv", text)
    assert (pod.name, pod.text, pod.aliases) == ("Pod", long, ("pods",))
    assert (node.name, node.text, node.aliases) == ("Node", "A machine.", ())


def test_doubled_quotes_far_down_a_csv_are_read(folder):
    """csv.Sniffer looks at the start of the file and then takes the rest for malformed."""
    rows = "".join(f'T{i},"plain, text {i}"\n' for i in range(600))
    text = f'term,definition\n{rows}Z,"he said ""yes"", twice"\n'
    assert folder.entries("g.csv", text)[-1].text == 'he said "yes", twice'


@pytest.mark.parametrize("row", ["Node,", "Node", "Node,  "])
def test_a_csv_row_with_a_missing_cell_is_named(folder, row):
    error = folder.refusal("g.csv", f'term,definition\nPod,"Two\nlines"\n{row}\n')
    assert error.message.startswith("g.csv:4 has neither term and definition")
    assert "it has term, definition (empty)" in error.message


def test_a_csv_row_with_too_many_cells_is_named_rather_than_cut(folder):
    error = folder.refusal("g.csv", "term,definition\nPod,A group, of containers\n")
    assert error.message == "g.csv:2 has more cells than the header."
    assert "double quotes" in error.hint


def test_a_csv_with_an_open_quote_is_refused(folder):
    error = folder.refusal("g.csv", 'term,definition\nPod,"never closed\n')
    assert "not valid CSV" in error.message


def test_a_csv_with_a_header_alone_holds_no_text(folder):
    assert "holds no text" in folder.refusal("g.csv", "term,definition\n").message


def test_unknown_columns_are_listed_with_the_way_to_map_them(folder):
    row = {"thing": "Pod", "blurb": "A group of containers"}
    error = folder.refusal("g.jsonl", json.dumps(row))
    assert "g.jsonl:1 has neither term and definition nor question and answer" in error.message
    assert "it has thing, blurb" in error.message
    assert "--map term=" in error.hint


def test_columns_can_be_mapped(folder):
    columns = {"term": "word", "definition": "meaning", "language": "tongue", "aliases": "aka"}
    text = "word,meaning,tongue,aka,term\nPod,Eine Gruppe,de,pods;Schote,not this\n"
    [entry] = folder.entries("g.csv", text, columns=columns)
    assert (entry.name, entry.text, entry.language) == ("Pod", "Eine Gruppe", "de")
    assert entry.aliases == ("pods", "Schote")


def test_mapping_a_column_that_routeback_does_not_know_is_refused():
    with pytest.raises(LoadError) as caught:
        ReadingOptions(columns={"word": "term", "definition": "text"})
    assert "word" in caught.value.message
    assert "definition" not in caught.value.message
    assert "term, definition, question, answer, aliases" in caught.value.hint


def test_mapping_a_column_that_the_file_does_not_have_is_refused(folder):
    """A slip in an optional column would otherwise lose all aliases without a word."""
    error = folder.refusal("g.jsonl", json.dumps(TERM), columns={"aliases": "aka"})
    assert "no column aka, which --map gives for aliases" in error.message
    assert "it has term, definition" in error.message


# Folders


def test_a_folder_gives_its_readable_files_sorted(tmp_path):
    for name in ("b.md", "a/z.txt", "a/B.HTML", "picture.png", "noext"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert [str(f.relative_to(tmp_path)) for f in files(tmp_path)] == [
        "a/B.HTML",
        "a/z.txt",
        "b.md",
    ]
    assert files(tmp_path / "b.md") == [tmp_path / "b.md"]


@pytest.mark.parametrize("name", ["slides.key", "noext"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(LoadError, match=name) as caught:
        files(tmp_path / name)
    assert ".md" in caught.value.hint
    assert ".pdf" in caught.value.hint


def test_a_folder_without_anything_to_read_is_refused(tmp_path):
    (tmp_path / "picture.png").write_text("x")
    with pytest.raises(LoadError, match="no file that Routeback can read") as caught:
        files(tmp_path)
    assert ".jsonl" in caught.value.hint


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(LoadError, match=r"gone\.md does not exist"):
        files(tmp_path / "gone.md")


def test_links_in_a_circle_do_not_hang(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "page.md").write_text(ENGLISH)
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert files(tmp_path) == [tmp_path / "a" / "page.md"]
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    with pytest.raises(LoadError, match=r"self\.md cannot be read"):
        files(tmp_path / "self.md")


def test_a_pipe_among_the_files_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    [pipe] = files(tmp_path)
    with pytest.raises(LoadError, match="not a regular file"):
        read(pipe, ReadingOptions(), source="pipe.md")


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that anyone may enter, with a file and a folder that nobody may."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "open.md").write_text(ENGLISH)
        (folder / "closed.md").write_text(ENGLISH)
        (folder / "inner").mkdir()
        (folder / "inner" / "page.md").write_text(ENGLISH)
        (folder / "closed.md").chmod(0)
        (folder / "inner").chmod(0)
        folder.chmod(0o755)
        yield folder
        (folder / "inner").chmod(0o755)


READING = """
import os, sys
from pathlib import Path
from assistant.errors import LoadError
from assistant.knowledge.load import ReadingOptions, files, read
if os.geteuid() == 0:  # permissions do not bind root
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for name in sys.argv[2:]:
    try:
        for path in files(Path(sys.argv[1]) / name):
            read(path, ReadingOptions(), source=path.name)
    except LoadError as error:
        print(error.message, error.hint, sep="|")
"""


def test_what_this_user_may_not_read_is_said(closed):
    names = ["closed.md", "inner", "inner/page.md", ""]
    said = subprocess.run(
        [sys.executable, "-c", READING, str(closed), *names],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    right = "Permission denied.|Give this user the right to read it"
    messages = [
        f"{closed}/closed.md cannot be read: {right}",
        f"{closed}/inner cannot be listed: {right}",
        f"{closed}/inner/page.md cannot be read: {right}",
        f"{closed}/inner cannot be listed: {right}",
    ]
    lines = said.splitlines()
    assert len(lines) == len(messages)
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith(message)
