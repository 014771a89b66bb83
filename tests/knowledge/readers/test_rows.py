"""Tables of text: what people save from spreadsheets and call CSV."""

import json

import pytest

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.load import ReadingOptions, reading


@pytest.fixture
def table(tmp_path):
    """Read a file with its notes."""

    def read(content, name="t.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reading(path, ReadingOptions(**options), source=name)

    return read


@pytest.fixture
def refusal(table):
    """Read a file that is refused."""

    def refuse(name, content, **options):
        with pytest.raises(LoadError) as caught:
            table(content, name, **options)
        assert caught.value.source == name
        assert "\n" not in caught.value.message
        return caught.value

    return refuse


def said(read) -> list[tuple[str, str]]:
    assert all(isinstance(item, Entry) for item in read.items)
    return [(item.name, item.text) for item in read.items]


def noted(read) -> list[tuple[str, str]]:
    return [(note.what, note.where) for note in read.notes]


ONE = [("Müssen Ärzte üben?", "Ja, täglich.")]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "cp850", "utf-16", "utf-16-le", "utf-16-be"],
)
@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_of_two_lines_is_read_however_it_was_saved(table, encoding, separator, end):
    lines = [separator.join(row) for row in (("Frage", "Antwort"), ONE[0])]
    assert said(table(f"{end.join(lines)}{end}".encode(encoding))) == ONE


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;"])
def test_the_line_that_tells_excel_the_separator_is_no_row(table, first):
    read = table(
        f"{first}\r\nFrage;Antwort\r\nWie, wann, wo genau?;Hier, da, dort.\r\nLeer?;\r\n", skip=True
    )
    assert said(read) == [("Wie, wann, wo genau?", "Hier, da, dort.")]
    assert noted(read)[0][1].startswith("line 4: ")


@pytest.mark.parametrize(
    "headings",
    [
        "Question,Answer",
        "QUESTION , ANSWER",
        "\u200bQuestion\u00a0,Answer\u200b",
        "Question *,Answer:",
        "Frage,Antwort",
        "Häufige Fragen,Antworten",
        "FAQ,Response",
        "Q,A",
        "Question (max. 80 characters),Answer [HTML]",
        "#Question,answer_text",
        "questionText,answerText",
        "Problem,Lösung",
        "Subject,Answer",
    ],
)
def test_headings_of_an_faq_are_read_as_people_write_them(table, headings):
    read = table(f"{headings}\nWhere is the office?,On the third floor.\n")
    assert [item.kind for item in read.items] == [Kind.FAQ]
    assert said(read) == [("Where is the office?", "On the third floor.")]
    assert not read.notes


@pytest.mark.parametrize(
    "headings",
    [
        "Begriff;Definition",
        "Term;Meaning",
        "Word;Explanation",
        "Abkürzung;Bedeutung",
        "Abkuerzung;Erklaerung",
        "Acronym;Stands for",
        "Kürzel;Langform",
        "Name;Beschreibung",
        "Bezeichnung;Erläuterung",
    ],
)
def test_headings_of_a_glossary_are_read_as_people_write_them(table, headings):
    read = table(f"{headings}\nAGB;Regeln, die für viele Verträge gelten.\n")
    assert [item.kind for item in read.items] == [Kind.GLOSSARY]
    assert said(read) == [("AGB", "Regeln, die für viele Verträge gelten.")]


def test_every_other_column_is_read_by_its_german_name(table):
    read = table(
        "Begriff;Definition;Synonyme;Sprache;Stand;Link;Zielgruppe\n"
        "Frist;Eine Zeit.;Termin, Zeitraum;Deutsch;01.03.2026;https://example.com/f;intern\n"
    )
    [entry] = read.items
    assert entry == Entry(
        source="t.csv",
        kind=Kind.GLOSSARY,
        name="Frist",
        text="Eine Zeit.",
        language="de",
        aliases=("Termin", "Zeitraum"),
        audience="intern",
        url="https://example.com/f",
        date="2026-03-01",
    )
    assert not read.notes


def test_what_a_cell_cannot_mean_is_said_and_the_row_kept(table):
    read = table(
        "question;answer;language;updated;link;source;Category\n"
        "How long is it?;One month, as a rule.;Klingon;soon;javascript:x;Handbook p. 3;Contracts\n"
    )
    [entry] = read.items
    assert (entry.language, entry.date, entry.url) == ("en", "", "")
    assert noted(read) == [
        ("a language that is none", "line 2: Klingon"),
        ("a date that is none", "line 2: soon"),
        ("a link that is no web address: not kept", "line 2: javascript:x"),
        ("columns that are not read", "Category"),
    ]


def test_lines_above_the_headings_are_left_out_with_a_note(table):
    read = table(
        "# exported by Anna, 1 March\n// twice\nFAQ Personal;;\nStand: 01.03.2026;;\n;;\n"
        "Nr.;Frage;Antwort\n1;Wie lange ist die Frist?;Ein Monat.\n"
    )
    assert said(read) == [("Wie lange ist die Frist?", "Ein Monat.")]
    assert [where.partition(":")[0] for _, where in noted(read)] == [
        f"line {n}" for n in (1, 2, 3, 4)
    ]


def test_blank_rows_and_trailing_separators_do_no_harm(table):
    read = table(
        "question;answer;;\nHow?;So it is done.;;\n;;;\n \t;;\n\nWhere?;There it is.\n;;;\n"
    )
    assert said(read) == [("How?", "So it is done."), ("Where?", "There it is.")]
    assert not read.notes


@pytest.mark.parametrize(
    "content",
    [
        "question;answer\nPaying;\nHow do I pay?;By card.\nBills;\nWhere are they?;Below Me.\n",
        "x;q;a\nPaying;;\n;How do I pay?;By card.\nBills;;\n;Where are they?;Below Me.\n",
        "Q;A;lang\nPaying;;\nHow do I pay?;By card.;en\nBills;;\nWhere are they?;Below Me.;en\n",
        "question;answer\n\nPaying\nHow do I pay?;By card.\n\nBills\nWhere are they?;Below Me.\n",
    ],
)
def test_a_heading_between_rows_is_no_row(table, content):
    read = table(content)
    assert said(read) == [("How do I pay?", "By card."), ("Where are they?", "Below Me.")]
    assert [what for what, _ in noted(read)] == ["a heading between rows"] * 2


def test_letters_between_the_terms_of_a_glossary_and_a_footer_are_no_rows(table):
    read = table("term;definition\nA;\nAPI;How programs talk.\nB\nBug;A fault.\n\nEnd of list\n")
    assert said(read) == [("API", "How programs talk."), ("Bug", "A fault.")]
    assert [what for what, _ in noted(read)] == ["a heading between rows"] * 2 + [
        "a line below the rows"
    ]


BAD = "question;answer\nHow?;So.\nWhere is it?;\nWhen?;Then.\n;lost\nWhy?;\n"


def test_all_bad_rows_are_named_at_once_with_what_helps(refusal):
    error = refusal("t.csv", BAD)
    assert error.message == (
        "t.csv:3 has neither term and definition nor question and answer; it has question, "
        "answer (empty). 2 more rows cannot be read: line 5, line 6."
    )
    assert error.hint == "Mend the row, or run it again with --skip-unreadable."


def test_a_bad_row_of_many_columns_is_told_in_a_line(refusal):
    languages = ("Arabic", "Chinese", "French", "Italian", "Japanese", "Korean", "Spanish")
    others = ";".join(f"Audio {name}" for name in languages)
    error = refusal("t.csv", f"{others};term;definition\n{';' * 7}A;B.\n{';' * 7}C;\n")
    assert error.message == (
        "t.csv:3 has neither term and definition nor question and answer; it has term, "
        "definition (empty), Audio Arabic (empty), Audio Chinese (empty), "
        "Audio French (empty), Audio Italian (empty) and 3 more."
    )


def test_bad_rows_are_left_out_on_request_but_not_all_rows(table, refusal):
    read = table(BAD, skip=True)
    assert said(read) == [("How?", "So."), ("When?", "Then.")]
    assert [where.partition(":")[0] for _, where in noted(read)] == ["line 3", "line 5", "line 6"]
    refusal("t.csv", "question;answer\nWhere is it?;\n", skip=True)


def test_a_term_in_the_middle_that_lost_its_definition_is_named(refusal):
    error = refusal("t.csv", "term,definition\nPod,A group.\nNode,\nCluster,Many machines.\n")
    assert error.message.startswith("t.csv:3 ")


def test_lone_quotes_stay_and_an_open_one_is_found_where_it_begins(table, refusal):
    assert said(table('term,definition\nScreen,A 5" screen\nSize,"5"" or 6"""\n')) == [
        ("Screen", 'A 5" screen'),
        ("Size", '5" or 6"'),
    ]
    error = refusal("t.csv", 'term,definition\nA,b\nPod,"never\nclosed\nNode,x\n')
    assert error.message.startswith("t.csv:3 is not valid CSV")
    assert "twice" in error.hint


def test_a_cell_longer_than_the_csv_module_takes_is_read(table):
    long = "word " * 50_000
    assert said(table(f'question,answer\nHow?,"{long}"\n')) == [("How?", long.strip())]


@pytest.mark.parametrize(
    ("cell", "aliases"),
    [
        ("a, b,c", ("a", "b", "c")),
        ("a | b", ("a", "b")),
        ("a; b ;", ("a", "b")),
        ("a\nb", ("a", "b")),
        ("Berlin, Germany; Bonn", ("Berlin, Germany", "Bonn")),
        ("API (web, local), interface", ("API (web, local)", "interface")),
        ("1,000 users", ("1,000 users",)),
        ("Where, please, is it? How so?", ("Where, please, is it?", "How so?")),
        ("- a\n- b", ("a", "b")),
    ],
)
def test_aliases_are_parted_by_what_parts_them(table, cell, aliases):
    [entry] = table(f'term\tdefinition\taliases\nPod\tA group\t"{cell}"\n').items
    assert entry.aliases == aliases


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("if a < b and b > c", "if a < b and b > c"),
        ("Use <YOUR_NAME> here", "Use <YOUR_NAME> here"),
        ("A List<String> or Map<K, V>", "A List<String> or Map<K, V>"),
        ("R&D &amp; more&nbsp;text", "R&D & more\xa0text"),
        ("AT&T; and so on", "AT&T; and so on"),
        ("See <b>one</b>\nand two", "See **one**  \nand two"),
        ("A ![x](data:image/png;base64,AAAA) B", "A x B"),
        ("See **one**, <br>_two_ and `<b>`", "See **one**, \n_two_ and `<b>`"),
        ("Write `&lt;` and `<b>x</b>` as they are", "Write `&lt;` and `<b>x</b>` as they are"),
        ("2<sup>16</sup> m<sup>2</sup>, H<sub>2</sub>O", "2¹⁶ m², H₂O"),
        ("A data:image/png;base64,AAAA B", "A  B"),
    ],
)
def test_cells_are_text_and_html_only_where_there_is_some(table, cell, text):
    [entry] = table(f'question,answer\nHow?,"{cell}"\n').items
    assert entry.text == text


def test_a_name_with_markup_is_plain(table):
    [entry] = table('question,answer\n"<p>How <b>long</b>?</p>",One month.\n').items
    assert entry.name == "How long?"


def test_keys_hold_languages_together_and_numbers_do_so_in_one_file_only(table):
    both = "id;lang;question;answer\n1;en;How?;So it is.\n1;de;Wie?;So ist es.\n2;en;Where?;Here.\n"
    assert [item.key for item in table(both).items] == ["t.csv#id 1", "t.csv#id 1", ""]
    alone = "id;question;answer\n1;How?;So it is.\n2;Where?;There.\n"
    assert [item.key for item in table(alone).items] == ["", ""]
    topic = table("key;question;answer\npay;How?;So it is.\npay;Where?;There.\n")
    assert [item.key for item in topic.items] == ["", ""]
    assert noted(topic) == [("a key of several entries of one language: not used", "pay")]


def test_the_same_entry_stands_once(table):
    read = table("question;answer\nHow?;So it is.\nHow?;So it is.\nHow?;Not so.\n")
    assert said(read) == [("How?", "So it is."), ("How?", "Not so.")]
    assert noted(read) == [("the same again", "How?")]


def test_drafts_and_rows_for_staff_are_told_apart(table):
    read = table(
        "Frage;Antwort;Status;Intern\nWie?;So ist es.;Entwurf;\nWo?;Da ist es.;freigegeben;ja\n"
        "Wann?;Heute noch.;;nein\n"
    )
    assert [(item.name, item.audience) for item in read.items] == [
        ("Wo?", "internal"),
        ("Wann?", "public"),
    ]
    assert noted(read) == [("a draft", "line 2: state: draft")]


# Languages beside each other


@pytest.mark.parametrize(
    "headings",
    [
        "term_en;term_de;definition_en;definition_de",
        "Term (EN);Begriff (DE);Definition (EN);Definition (DE)",
        "English term;Deutsch Begriff;English definition;Deutsch Definition",
        "EN;DE;EN;DE\nTerm;Term;Definition;Definition",
        "Term;Begriff;Definition;Erklärung",
    ],
)
def test_a_column_for_each_language_makes_an_entry_of_each(table, headings):
    read = table(f"{headings}\nnotice;Kündigung;The end of a contract.;Das Ende eines Vertrags.\n")
    assert [(item.name, item.text, item.language) for item in read.items] == [
        ("notice", "The end of a contract.", "en"),
        ("Kündigung", "Das Ende eines Vertrags.", "de"),
    ]
    assert {item.key for item in read.items} == {"t.csv#notice"}


def test_a_language_without_a_definition_gives_another_name(table):
    [entry] = table("English;Term_de;Definition_de\nx;Prämie;Geld für gute Arbeit.\n").items
    assert (entry.name, entry.language) == ("Prämie", "de")
    read = table("term_en;term_de;definition_en;definition_de\nbonus;Prämie;Extra pay.;\n")
    [entry] = read.items
    assert (entry.name, entry.language, entry.aliases, entry.key) == (
        "bonus",
        "en",
        ("Prämie",),
        "",
    )


def test_a_column_called_as_a_language_has_its_terms(table):
    [entry] = table("Deutsch;English;Definition\nPrämie;bonus;Geld für gute Arbeit.\n").items
    assert (entry.name, entry.language, entry.aliases) == ("Prämie", "de", ("bonus",))
    [page] = table("Deutsch;English\nPrämie;bonus\n").items
    assert page.markdown == "| Deutsch | English |\n| --- | --- |\n| Prämie | bonus |"


# As programs spoil them


def test_lines_that_were_quoted_as_a_whole_are_read(table):
    content = '"question,answer";\n"Where?,""Here, there."""\n"How?,So it is.";\n'
    assert said(table(content)) == [("Where?", "Here, there."), ("How?", "So it is.")]
    [page] = table('"Bonn, Köln"\n"Wien, Graz"\n').items
    assert isinstance(page, Document)


def test_tables_side_by_side_are_parted(table):
    read = table("Begriff;Definition;;Begriff;Definition\nA1;Eins.;;B1;Zwei.\n;;;B2;Drei.\n")
    assert said(read) == [("A1", "Eins."), ("B1", "Zwei."), ("B2", "Drei.")]


def test_what_a_failed_formula_shows_is_no_answer(refusal):
    error = refusal("t.csv", "Frage;Antwort\nWie?;#NV\nWo?;Da ist es.\n")
    assert "it has Frage, Antwort (#NV)" in error.message


def test_rows_that_were_numbered_ahead_are_no_rows(table):
    read = table("#;Frage;Antwort\n1;Wie geht das?;So geht das.\n2;;\n3;;\n")
    assert len(read.items) == 1
    assert [what for what, _ in noted(read)] == ["a row without its texts"] * 2


# Articles and other tables


def test_articles_become_documents(table):
    read = table(
        "id,title,body,locale,updated_at,draft,html_url,label_names,position\n"
        '1,Reset it,"<h2>Steps</h2><p>Open the <b>menu</b>.</p>",en-us,2026-03-01T10:00:00Z,false,'
        "https://help.example.com/1,login,3\n"
        "2,Secret,<p>Not yet.</p>,en-us,,true,,,\n"
    )
    [page] = read.items
    assert isinstance(page, Document)
    assert (page.title, page.language, page.date) == ("Reset it", "en", "2026-03-01")
    assert (page.url, page.tags) == ("https://help.example.com/1", ("login",))
    assert page.markdown == "## Steps\n\nOpen the **menu**."
    assert page.places == ((0, "line 2"),)
    assert noted(read) == [
        ("a draft", "line 3: draft: true"),
        ("columns that are not read", "position"),
    ]


def test_a_table_of_something_else_is_a_page_that_says_so(table):
    read = table(
        'Plan;Preis;Nutzer\nBasic;9,00 €;1\n\nTeam|Pro;29,00 €;"zehn\nund mehr"\n', "preise.csv"
    )
    [page] = read.items
    assert isinstance(page, Document)
    assert (page.title, page.language) == ("preise", "de")
    assert page.markdown == (
        "| Plan | Preis | Nutzer |\n| --- | --- | --- |\n| Basic | 9,00 € | 1 |\n"
        "| Team\\|Pro | 29,00 € | zehn, und mehr |"
    )
    [(what, where)] = noted(read)
    assert "--map term=NAME,definition=TEXT" in what
    assert where == "Plan, Preis, Nutzer"


def test_a_price_list_with_a_description_is_no_glossary(table):
    read = table("Name;Beschreibung;Preis\nTasse;Aus Ton;9 €\nTeller;Aus Glas;12 €\n")
    assert [type(item) for item in read.items] == [Document]


def test_tables_with_blank_rows_between_are_several(table):
    read = table(
        "Preise 2026;;\nPlan;Preis;Nutzer\nBasic;9;1\nFür Firmen;;\nTeam;29;10\n"
        "* ohne Steuer;;\n;;\n"
        "Code;Ursache;Abhilfe\nE1;Kein Netz;Kabel prüfen\n;;\nMontag;9–17;\nDienstag;9–12;\n"
    )
    [page] = read.items
    assert page.markdown == (
        "## Preise 2026\n\n| Plan | Preis | Nutzer |\n| --- | --- | --- |\n| Basic | 9 | 1 |\n\n"
        "### Für Firmen\n\n| Plan | Preis | Nutzer |\n| --- | --- | --- |\n| Team | 29 | 10 |\n\n"
        "* ohne Steuer\n\n"
        "| Code | Ursache | Abhilfe |\n| --- | --- | --- |\n| E1 | Kein Netz | Kabel prüfen |\n\n"
        "|  |  |\n| --- | --- |\n| Montag | 9–17 |\n| Dienstag | 9–12 |"
    )


def test_questions_and_another_table_in_one_file_are_both_read(table):
    read = table(
        "Frage;Antwort\nWie lange ist die Frist?;Ein Monat.\n;\nWo ist das?;Im Haus.\n;\n"
        "Plan;Preis\nBasic;9\nTeam;29\n"
    )
    first, second, page = read.items
    assert (first.name, second.name) == ("Wie lange ist die Frist?", "Wo ist das?")
    assert page.markdown.startswith("| Plan | Preis |")


def test_questions_without_headings_are_questions(table):
    read = table("Wie lange ist die Frist?;Ein Monat.\nWo ist das Büro?;Im Haus A, links.\n")
    assert said(read)[0] == ("Wie lange ist die Frist?", "Ein Monat.")
    assert len(read.items) == 2
    assert noted(read) == [("rows without headings, taken as questions and answers", "line 1")]


def test_lines_without_cells_are_a_list(table):
    [page] = table("Wir liefern nach Bonn, Köln\nund Wien.\nDer Versand ist frei\n").items
    assert page.markdown == "- Wir liefern nach Bonn, Köln\n- und Wien.\n- Der Versand ist frei"


def test_a_table_as_markdown_writes_it_is_read(table):
    assert said(table("| term | definition |\n| --- | --- |\n| Pod | A group |\n")) == [
        ("Pod", "A group")
    ]


def test_a_mapping_wins_over_headings_and_need_not_be_exact(table, refusal):
    read = table(
        "Wort X;sinn\nPod;Eine Gruppe.\n", columns={"term": "wort_x", "definition": "sinn"}
    )
    assert said(read) == [("Pod", "Eine Gruppe.")]
    error = refusal("t.csv", "Preis;Plan\n9;Basic\n", columns={"term": "Wort"})
    assert (
        error.message == "t.csv has no column Wort, which --map gives for term; it has Preis, Plan."
    )


@pytest.mark.parametrize(
    "content",
    [
        "a," * 300_000,
        '"' * 300_001,
        'question,answer\nHow?,"' + "<a " * 200_000 + '"',
        "a;b\n\n" * 5_000,
    ],
)
def test_odd_files_take_no_longer_than_others(table, content):
    assert table(content).items


def test_rows_of_json_lines_are_refused_together(refusal):
    good = json.dumps({"term": "Pod", "definition": "A group"})
    error = refusal("t.jsonl", f'{good}\n{{"term": "Node"}}\nxx\n{good}\n["a"]\n')
    assert error.message.startswith("t.jsonl:2 has neither")
    assert error.message.endswith("2 more rows cannot be read: line 3, line 5.")
    assert "--map" not in error.hint
