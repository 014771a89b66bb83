"""Every sentence about sources and the health of the knowledge, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language


@dataclass(frozen=True, slots=True)
class SourcesText:
    """In one language. Fields in braces are filled in by ``str.format``."""

    title: str
    more: str
    none: str
    kinds: Mapping[str, str]
    outcomes: Mapping[str, str]
    running: str
    passages: str
    changes: str
    would: str
    last: str
    never: str
    next: str
    by_hand: str
    notes: str
    refresh: str
    confirm: str
    confirm_more: str
    schedule: str
    remove: str
    remove_more: str
    remove_really: str
    files: str
    take_out: str
    add: str
    add_more: Mapping[str, str]
    kind: str
    name: str
    address: Mapping[str, str]
    address_hint: Mapping[str, str]
    audience: str
    audience_help: str
    branch: str
    folder: str
    depth: str
    pages: str
    when: str
    schedules: Mapping[str, str]
    days: Mapping[str, str]
    at: str
    upload: str
    upload_more: str
    upload_source: str
    upload_default: str
    send: str
    missing: str
    steps: Mapping[str, str]
    done: str
    held: str
    removed: str
    health: str
    health_more: str
    healthy: str
    findings: Mapping[str, str]
    explained: Mapping[str, str]
    since: str
    of: str
    newer: str
    server: str
    rest: str


TEXTS: Final[Mapping[Language, SourcesText]] = {
    "en": SourcesText(
        title="Sources",
        more="Where documents come from. A source is read again on its schedule; answers change "
        "only when all of it has been read.",
        none="There is no source yet.",
        kinds={"folder": "Folder", "upload": "Uploads", "web": "Web address", "git": "Git folder"},
        outcomes={
            "never": "not read yet",
            "done": "up to date",
            "failed": "could not be read",
            "held": "waits for you",
        },
        running="is being read",
        passages="passages: {count}",
        changes="last time {added} added, {kept} kept, {removed} removed",
        would="would be {added} added, {kept} kept, {removed} removed",
        last="read {moment}",
        never="never read",
        next="next {moment}",
        by_hand="only by hand",
        notes="What to know of the last time",
        refresh="Refresh",
        confirm="Apply all the same",
        confirm_more="More than half of its texts would go, so nothing was changed. If that is "
        "meant, apply it.",
        schedule="Schedule",
        remove="Remove",
        remove_more="Its passages go with it, and files that were sent for it.",
        remove_really="Remove {name}",
        files="Files",
        take_out="Take out",
        add="Add a source",
        add_more={
            "web": "A sitemap: its pages. A page: that page and those it leads to, below it.",
            "git": "The files of a branch, over https or ssh.",
            "folder": "A folder of the machine on which Routeback runs.",
        },
        kind="Kind",
        name="Name",
        address={"web": "Address", "git": "Address", "folder": "Path"},
        address_hint={
            "web": "https://help.example.com/sitemap.xml",
            "git": "https://git.example.com/docs.git",
            "folder": "/srv/documents",
        },
        audience="Audience",
        audience_help="Who may be answered from it, where the documents do not say.",
        branch="Branch (empty: the default)",
        folder="Folder in it (empty: all)",
        depth="Links that are followed",
        pages="Pages, at most",
        when="Read again",
        schedules={"off": "by hand", "hourly": "hourly", "daily": "daily", "weekly": "weekly"},
        days={
            "mon": "Monday",
            "tue": "Tuesday",
            "wed": "Wednesday",
            "thu": "Thursday",
            "fri": "Friday",
            "sat": "Saturday",
            "sun": "Sunday",
        },
        at="at",
        upload="Send files",
        upload_more="A file of the same name is replaced.",
        upload_source="Keep them together as",
        upload_default="Uploads",
        send="Send",
        missing="Please fill in name and address.",
        steps={
            "fetching": "Fetching pages",
            "reading": "Reading files",
            "embedding": "Understanding passages",
            "writing": "Writing the index",
            "asking": "Asking for changes",
        },
        done="{name}: {added} passages added, {kept} kept, {removed} removed.",
        held="{name}: nothing was changed, as {removed} passages would go. Look, and confirm.",
        removed="{name}: {removed} passages removed.",
        health="Health",
        health_more="Texts and sources that somebody should look at. Each says why.",
        healthy="Nothing is stale, and nothing contradicts itself.",
        findings={
            "contradiction": "Contradicting texts",
            "held": "Waiting for you",
            "overdue": "Not refreshed in time",
            "failing": "Cannot be refreshed",
            "gone": "Pages that are gone",
            "superseded": "Older versions",
            "unfetched": "Pages that could not be fetched",
            "old": "Old texts",
        },
        explained={
            "contradiction": "Several texts of one name say different things, and no date says "
            "which counts.",
            "held": "A refresh would take away more than half of a source's texts.",
            "overdue": "The time of a refresh has passed without one.",
            "failing": "The last refresh failed. What the source had still answers.",
            "gone": "The site says that these pages do not exist any more.",
            "superseded": "There is a newer text of the same name.",
            "unfetched": "What these pages had still answers.",
            "old": "The date that the text gives itself lies far back.",
        },
        since="since {when}",
        of="of {when}",
        newer="Newer: {source}, {date}",
        server="The server says: {why}",
        rest="and {count} more",
    ),
    "de": SourcesText(
        title="Quellen",
        more="Woher Dokumente kommen. Eine Quelle wird nach ihrem Plan neu gelesen; Antworten "
        "ändern sich erst, wenn alles gelesen ist.",
        none="Es gibt noch keine Quelle.",
        kinds={
            "folder": "Ordner",
            "upload": "Hochgeladenes",
            "web": "Webadresse",
            "git": "Git-Ordner",
        },
        outcomes={
            "never": "noch nicht gelesen",
            "done": "aktuell",
            "failed": "konnte nicht gelesen werden",
            "held": "wartet auf Sie",
        },
        running="wird gerade gelesen",
        passages="Abschnitte: {count}",
        changes="zuletzt {added} hinzugefügt, {kept} behalten, {removed} entfernt",
        would="es wären {added} hinzugefügt, {kept} behalten, {removed} entfernt",
        last="gelesen {moment}",
        never="nie gelesen",
        next="wieder {moment}",
        by_hand="nur von Hand",
        notes="Was vom letzten Mal zu wissen ist",
        refresh="Neu lesen",
        confirm="Trotzdem übernehmen",
        confirm_more="Mehr als die Hälfte ihrer Texte fiele weg, darum wurde nichts geändert. Wenn "
        "das so gemeint ist, übernehmen Sie es.",
        schedule="Plan",
        remove="Entfernen",
        remove_more="Ihre Abschnitte gehen mit, und Dateien, die dafür geschickt wurden.",
        remove_really="{name} entfernen",
        files="Dateien",
        take_out="Herausnehmen",
        add="Quelle hinzufügen",
        add_more={
            "web": "Eine Sitemap: ihre Seiten. Eine Seite: sie und die, auf die sie verweist, "
            "unterhalb von ihr.",
            "git": "Die Dateien eines Zweigs, über https oder ssh.",
            "folder": "Ein Ordner der Maschine, auf der Routeback läuft.",
        },
        kind="Art",
        name="Name",
        address={"web": "Adresse", "git": "Adresse", "folder": "Pfad"},
        address_hint={
            "web": "https://hilfe.example.com/sitemap.xml",
            "git": "https://git.example.com/doku.git",
            "folder": "/srv/dokumente",
        },
        audience="Publikum",
        audience_help="Wem daraus geantwortet werden darf, wo die Dokumente es nicht sagen.",
        branch="Zweig (leer: der übliche)",
        folder="Ordner darin (leer: alles)",
        depth="Wie vielen Verweisen gefolgt wird",
        pages="Seiten, höchstens",
        when="Neu lesen",
        schedules={
            "off": "von Hand",
            "hourly": "stündlich",
            "daily": "täglich",
            "weekly": "wöchentlich",
        },
        days={
            "mon": "Montag",
            "tue": "Dienstag",
            "wed": "Mittwoch",
            "thu": "Donnerstag",
            "fri": "Freitag",
            "sat": "Samstag",
            "sun": "Sonntag",
        },
        at="um",
        upload="Dateien schicken",
        upload_more="Eine Datei gleichen Namens wird ersetzt.",
        upload_source="Zusammen behalten als",
        upload_default="Hochgeladen",
        send="Schicken",
        missing="Bitte geben Sie Name und Adresse an.",
        steps={
            "fetching": "Seiten werden geholt",
            "reading": "Dateien werden gelesen",
            "embedding": "Abschnitte werden erfasst",
            "writing": "Der Index wird geschrieben",
            "asking": "Nach Änderungen wird gefragt",
        },
        done="{name}: {added} Abschnitte hinzugefügt, {kept} behalten, {removed} entfernt.",
        held="{name}: Nichts wurde geändert, denn {removed} Abschnitte fielen weg. Sehen Sie nach, "
        "und bestätigen Sie.",
        removed="{name}: {removed} Abschnitte entfernt.",
        health="Zustand",
        health_more="Texte und Quellen, die jemand ansehen sollte. Bei jedem steht, warum.",
        healthy="Nichts ist veraltet, und nichts widerspricht sich.",
        findings={
            "contradiction": "Widersprüchliche Texte",
            "held": "Wartet auf Sie",
            "overdue": "Nicht rechtzeitig gelesen",
            "failing": "Kann nicht gelesen werden",
            "gone": "Seiten, die es nicht mehr gibt",
            "superseded": "Ältere Fassungen",
            "unfetched": "Seiten, die nicht geholt werden konnten",
            "old": "Alte Texte",
        },
        explained={
            "contradiction": "Mehrere Texte eines Namens sagen Verschiedenes, und kein Datum sagt, "
            "welcher gilt.",
            "held": "Mehr als die Hälfte der Texte einer Quelle fiele weg.",
            "overdue": "Der Zeitpunkt ist vorbei, und es wurde nicht gelesen.",
            "failing": "Das letzte Lesen ist misslungen. Was die Quelle hatte, antwortet weiter.",
            "gone": "Die Website sagt, dass es diese Seiten nicht mehr gibt.",
            "superseded": "Es gibt einen neueren Text desselben Namens.",
            "unfetched": "Was diese Seiten hatten, antwortet weiter.",
            "old": "Das Datum, das der Text sich gibt, liegt weit zurück.",
        },
        since="seit {when}",
        of="vom {when}",
        newer="Neuer: {source}, {date}",
        server="Der Server sagt: {why}",
        rest="und {count} weitere",
    ),
}
