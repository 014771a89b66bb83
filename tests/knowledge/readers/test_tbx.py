"""Termbases in TBX."""

import pytest

from assistant.errors import LoadError
from assistant.knowledge.documents import Entry, Kind
from assistant.knowledge.load import ReadingOptions, reading

OLD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><martifHeader/><text><body>
<termEntry id="c1"><descrip type="subjectField">work</descrip>
 <langSet xml:lang="en-GB"><descripGrp><descrip type="definition">How long one stays.</descrip>
  </descripGrp>
  <tig><term>notice</term>
   <termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig>
  <tig><term>term of notice</term></tig>
  <tig><term>notice period</term>
   <termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></tig></langSet>
 <langSet xml:lang="de"><ntig><descrip type="definition">Wie lange man bleibt.</descrip>
  <termGrp><term>Kündigungsfrist</term></termGrp></ntig></langSet></termEntry>
<termEntry id="c2"><descrip type="definition">Money for good work, once a year.</descrip>
 <langSet xml:lang="en"><tig><term>bonus</term></tig></langSet>
 <langSet xml:lang="de"><tig><term>Prämie</term></tig></langSet></termEntry>
<termEntry id="c3"><langSet xml:lang="en"><tig><term>desk</term></tig></langSet>
 <langSet xml:lang="de"><tig><term>Tisch|Pult</term></tig></langSet></termEntry>
<termEntry id="c4"><langSet xml:lang="en"><tig><term>alone</term></tig></langSet></termEntry>
</body></text></martif>"""

NEW = """<?xml version="1.0"?><tbx style="{style}" type="TBX-Basic" xml:lang="en"
 xmlns="urn:iso:std:iso:30042:ed-2" xmlns:basic="http://example.com/basic"
 xmlns:min="http://example.com/min"><text><body><conceptEntry id="1"><langSec xml:lang="en">
{definition}<termSec><term>seat</term></termSec><termSec><term>chair</term>{status}</termSec>
</langSec></conceptEntry></body></text></tbx>"""


@pytest.fixture
def base(tmp_path):
    def read(content, **options):
        path = tmp_path / "t.tbx"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reading(path, ReadingOptions(**options), source="t.tbx")

    return read


def test_concepts_become_an_entry_in_each_language_with_one_key(base):
    read = base(OLD)
    english, german, bonus, page = read.items
    assert english == Entry(
        source="t.tbx",
        kind=Kind.GLOSSARY,
        name="notice period",
        text="How long one stays.",
        language="en",
        aliases=("term of notice", "notice"),
        key="t.tbx#c1",
    )
    assert (german.name, german.language, german.key) == ("Kündigungsfrist", "de", "t.tbx#c1")
    assert (bonus.name, bonus.language, bonus.aliases) == ("bonus", "en", ("Prämie",))
    assert page.markdown == "| en | de |\n| --- | --- |\n| desk | Tisch\\|Pult |"
    assert [(note.what, note.where) for note in read.notes] == [
        ("a term without a definition", "c4"),
        ("terms without definitions, read as a page with a column for each language", "1"),
    ]


@pytest.mark.parametrize(
    ("style", "definition", "status"),
    [
        (
            "dca",
            '<descripGrp><descrip type="definition">To sit on.</descrip></descripGrp>',
            '<termNote type="administrativeStatus">preferredTerm-admn-sts</termNote>',
        ),
        (
            "dct",
            "<basic:definition>To sit on.</basic:definition>",
            "<min:administrativeStatus>preferredTerm-admn-sts</min:administrativeStatus>",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_both_styles_of_the_newer_version_are_read(base, style, definition, status, encoding):
    text = NEW.format(style=style, definition=definition, status=status)
    [entry] = base(text.replace('"1.0"', f'"1.0" encoding="{encoding}"').encode(encoding)).items
    assert (entry.name, entry.text, entry.aliases) == ("chair", "To sit on.", ("seat",))


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
FILE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
TERM = "<martif><termEntry><langSet><tig><term>&b;</term></tig></langSet></termEntry></martif>"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not valid XML"),
        ("<martif><a>", "t.tbx:1 is not valid XML"),
        ("<martif/>", "no term entries"),
        (BOMB + TERM, "declares entities"),
        (FILE + TERM, "declares entities"),
        ("<a>" * 100_000, "is not valid XML: Excessive depth"),
    ],
)
def test_what_is_no_termbase_is_refused(base, content, said):
    with pytest.raises(LoadError, match=said) as caught:
        base(content)
    assert caught.value.hint
