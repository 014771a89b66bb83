"""Every sentence of the page of knowledge, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language


@dataclass(frozen=True, slots=True)
class KnowledgeText:
    """In one language. Fields in braces are filled in by ``str.format``."""

    title: str
    sections: Mapping[str, str]
    read_only: str
    back: str
    # Gaps
    gaps_about: str
    standing: str
    standings: Mapping[str, str]
    days: str
    no_gaps: str
    waiting: str
    asked: str
    asked_once: str
    signs: Mapping[str, str]
    open_gap: str
    questions: str
    near_entries: str
    no_near: str
    likely: str
    near_gaps: str
    merge: str
    dismiss: str
    reopen: str
    make: str
    closed_by: str
    # The form
    form: str
    kind: str
    kinds: Mapping[str, str]
    language: str
    languages: Mapping[str, str]
    name: Mapping[str, str]
    aliases: str
    aliases_help: str
    text: str
    url: str
    audience: str
    replacing: str
    tries: str
    tries_help: str
    preview: str
    now: str
    then: str
    modes: Mapping[str, str]
    same: str
    unused: str
    incomplete: str
    save: str
    approve: str
    translate: str
    cancel: str
    flags: Mapping[str, str]
    # Entries
    entries_about: str
    search: str
    state: str
    states: Mapping[str, str]
    everything: str
    count: str
    pending: str
    none: str
    new: str
    edit: str
    history: str
    undo: str
    retire: str
    to_version: str
    version: str
    steps: Mapping[str, str]
    serving: str
    erased: str
    fields: Mapping[str, str]
    before: str
    after: str
    saved: str
    approved: str
    undone: str
    retired: str
    # Sources


TEXTS: Final[Mapping[Language, KnowledgeText]] = {
    "en": KnowledgeText(
        title="Knowledge",
        sections={"gaps": "Gaps", "entries": "Entries", "sources": "Sources", "health": "Health"},
        read_only="You can look; editors change what is here.",
        back="Back to the list",
        gaps_about="What people asked and nobody could tell them, by how many asked.",
        standing="Show",
        standings={
            "open": "open",
            "drafted": "drafted",
            "closed": "closed",
            "dismissed": "set aside",
            "open again": "asked again since it was closed",
            "all": "all",
        },
        days="Days",
        no_gaps="No gaps here. What people ask in vain is listed as soon as somebody does.",
        waiting="{count} questions are still to be looked at: open the page again in a moment.",
        asked="asked by {askers} people · {questions}× · last {last}",
        asked_once="asked by one person · {questions}× · last {last}",
        signs={
            "nothing found": "nothing was found",
            "unsure": "the answer was unsure",
            "rated down": "rated down",
            "handed over": "handed to a person",
        },
        open_gap="Look closer",
        questions="What was asked",
        near_entries="Entries that come close",
        no_near="No entry comes close.",
        likely="answers with {percent} %",
        near_gaps="Gaps that may be the same",
        merge="Put it in here",
        dismiss="Set aside",
        reopen="Open again",
        make="Make an entry",
        closed_by="Closed by the entry {key}, approved by {by}.",
        form="An entry",
        kind="Kind",
        kinds={"faq": "Question and answer", "glossary": "Term"},
        language="Language",
        languages={"en": "English", "de": "German"},
        name={"faq": "Question", "glossary": "Term"},
        aliases="Other wordings",
        aliases_help="One a line: how people ask the same, or what else they call it.",
        text="Answer, in the words that people will read",
        url="Address of a page with more (optional)",
        audience="For whom (public: everybody)",
        replacing="This takes the place of what a file says. Undo brings the file's words back.",
        tries="Questions to try",
        tries_help="One a line. What is answered now and what would be is shown below.",
        preview="What would be answered",
        now="Now",
        then="With this entry",
        modes={
            "quote": "quoted",
            "write": "an arm writes from this",
            "ask": "asks back",
            "abstain": "no answer",
            "": "small talk",
        },
        same="The same as now.",
        unused="The entry is not what would be shown.",
        incomplete="Write a question and an answer, and what would be answered is shown here.",
        save="Save as draft",
        approve="Approve and serve",
        translate="Translate into {language}",
        cancel="Close",
        flags={
            "personal data": "Personal data was taken out. Read it once more.",
            "no answer": "There is no answer yet.",
            "long": "It is long: people read the first lines.",
            "asks back": "It asks something back, which an entry cannot.",
            "translated": "A model translated this. Nobody has read it.",
            "numbers differ": "Numbers differ from the original.",
            "addresses differ": "Addresses differ from the original.",
            "other language": "It is not in the language that was asked for.",
            "unlikely": "The check does not find the original in it.",
            "unchecked": "The check could not run.",
            "no translation": "There is no translation.",
        },
        entries_about="What is quoted: from your files, and written here.",
        search="Search",
        state="State",
        states={
            "file": "from a file",
            "draft": "draft",
            "approved": "serves",
            "retired": "retired",
        },
        everything="all",
        count="{count} entries",
        pending="a draft waits on top of what serves",
        none="No entry matches.",
        new="New entry",
        edit="Edit",
        history="History",
        undo="Undo",
        retire="Retire",
        to_version="Back to version {version}",
        version="Version {version}, {state}, by {by}, {at}",
        steps={"draft": "draft", "approved": "approved", "retired": "retired"},
        serving="serves",
        erased="Its words were erased with those of the person it was made of.",
        fields={
            "name": "Question or term",
            "text": "Answer",
            "aliases": "Other wordings",
            "url": "Address",
            "audience": "For whom",
        },
        before="Before",
        after="After",
        saved="Saved as a draft. Nothing is answered otherwise until it is approved.",
        approved="Approved: it is what people are answered with from now on.",
        undone="Undone: what served before serves again.",
        retired="Retired: it is shown to nobody any more.",
    ),
    "de": KnowledgeText(
        title="Wissen",
        sections={
            "gaps": "Lücken",
            "entries": "Einträge",
            "sources": "Quellen",
            "health": "Zustand",
        },
        read_only="Sie können alles ansehen; ändern können es Redakteure.",
        back="Zurück zur Liste",
        gaps_about="Was gefragt wurde und niemand sagen konnte, nach der Zahl der Fragenden.",
        standing="Zeigen",
        standings={
            "open": "offen",
            "drafted": "entworfen",
            "closed": "geschlossen",
            "dismissed": "beiseitegelegt",
            "open again": "seit dem Schließen wieder gefragt",
            "all": "alle",
        },
        days="Tage",
        no_gaps="Keine Lücken. Was vergeblich gefragt wird, steht hier, sobald es jemand fragt.",
        waiting="{count} Fragen sind noch zu sichten: Öffnen Sie die Seite gleich noch einmal.",
        asked="gefragt von {askers} Personen · {questions}× · zuletzt {last}",
        asked_once="gefragt von einer Person · {questions}× · zuletzt {last}",
        signs={
            "nothing found": "nichts gefunden",
            "unsure": "unsichere Antwort",
            "rated down": "schlecht bewertet",
            "handed over": "an einen Menschen übergeben",
        },
        open_gap="Ansehen",
        questions="Was gefragt wurde",
        near_entries="Einträge, die nahekommen",
        no_near="Kein Eintrag kommt nahe.",
        likely="antwortet zu {percent} %",
        near_gaps="Lücken, die dieselbe sein könnten",
        merge="Hierher legen",
        dismiss="Beiseitelegen",
        reopen="Wieder öffnen",
        make="Eintrag anlegen",
        closed_by="Geschlossen durch den Eintrag {key}, freigegeben von {by}.",
        form="Ein Eintrag",
        kind="Art",
        kinds={"faq": "Frage und Antwort", "glossary": "Begriff"},
        language="Sprache",
        languages={"en": "Englisch", "de": "Deutsch"},
        name={"faq": "Frage", "glossary": "Begriff"},
        aliases="Andere Formulierungen",
        aliases_help="Eine je Zeile: wie dasselbe gefragt wird oder wie es noch heißt.",
        text="Antwort, in den Worten, die gelesen werden",
        url="Adresse einer Seite mit mehr (freiwillig)",
        audience="Für wen (public: für alle)",
        replacing="Das tritt an die Stelle einer Datei. Rückgängig bringt deren Worte zurück.",
        tries="Fragen zum Ausprobieren",
        tries_help="Eine je Zeile. Darunter steht, was jetzt und was dann geantwortet wird.",
        preview="Was geantwortet würde",
        now="Jetzt",
        then="Mit diesem Eintrag",
        modes={
            "quote": "zitiert",
            "write": "ein Modell schreibt daraus",
            "ask": "fragt zurück",
            "abstain": "keine Antwort",
            "": "Geplauder",
        },
        same="Dasselbe wie jetzt.",
        unused="Der Eintrag ist nicht, was gezeigt würde.",
        incomplete="Schreiben Sie Frage und Antwort; hier steht dann, was geantwortet würde.",
        save="Als Entwurf speichern",
        approve="Freigeben",
        translate="Übersetzen: {language}",
        cancel="Schließen",
        flags={
            "personal data": "Personenbezogenes wurde entfernt. Bitte noch einmal lesen.",
            "no answer": "Es gibt noch keine Antwort.",
            "long": "Der Text ist lang: Gelesen werden die ersten Zeilen.",
            "asks back": "Er fragt etwas zurück, was ein Eintrag nicht kann.",
            "translated": "Das hat ein Modell übersetzt. Niemand hat es gelesen.",
            "numbers differ": "Zahlen weichen vom Original ab.",
            "addresses differ": "Adressen weichen vom Original ab.",
            "other language": "Der Text ist nicht in der gewünschten Sprache.",
            "unlikely": "Die Prüfung findet das Original darin nicht wieder.",
            "unchecked": "Die Prüfung konnte nicht laufen.",
            "no translation": "Es gibt keine Übersetzung.",
        },
        entries_about="Was zitiert wird: aus Ihren Dateien und hier Geschriebenes.",
        search="Suchen",
        state="Zustand",
        states={
            "file": "aus einer Datei",
            "draft": "Entwurf",
            "approved": "gilt",
            "retired": "zurückgezogen",
        },
        everything="alle",
        count="{count} Einträge",
        pending="ein Entwurf wartet über dem, was gilt",
        none="Kein Eintrag passt.",
        new="Neuer Eintrag",
        edit="Bearbeiten",
        history="Verlauf",
        undo="Rückgängig",
        retire="Zurückziehen",
        to_version="Zurück zu Fassung {version}",
        version="Fassung {version}, {state}, von {by}, {at}",
        steps={
            "draft": "Entwurf",
            "approved": "freigegeben",
            "retired": "zurückgezogen",
        },
        serving="gilt",
        erased="Ihre Worte wurden mit denen der Person gelöscht, von der sie stammten.",
        fields={
            "name": "Frage oder Begriff",
            "text": "Antwort",
            "aliases": "Andere Formulierungen",
            "url": "Adresse",
            "audience": "Für wen",
        },
        before="Vorher",
        after="Nachher",
        saved="Als Entwurf gespeichert. Geantwortet wird wie bisher, bis er freigegeben ist.",
        approved="Freigegeben: Damit wird von jetzt an geantwortet.",
        undone="Rückgängig gemacht: Was vorher galt, gilt wieder.",
        retired="Zurückgezogen: Niemand bekommt ihn mehr zu sehen.",
    ),
}
