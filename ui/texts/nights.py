"""Every sentence of the page of the eval nights, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ui.api.client import Language

Verdict = Literal["pass", "regression", "unmeasured", "running"]
Section = Literal["gates", "causes", "worst", "gaps", "closed", "cases"]
CaseKind = Literal["quote", "write", "abstain"]


@dataclass(frozen=True, slots=True)
class NightsText:
    """In one language. Fields in braces are filled in by ``str.format``."""

    language: Language
    title: str
    about: str
    unread: str
    none: str
    none_more: str
    missed: str
    trend: str
    trend_about: str
    trend_alt: str
    metric: str
    metrics: Mapping[str, str]
    kind: str
    every_kind: str
    languages: Mapping[str, str]
    over: str
    over_nights: str
    no_points: str
    mean: str
    night: str
    arm: str
    low: str
    high: str
    arms: Mapping[str, str]
    nights: str
    nights_about: str
    verdicts: Mapping[Verdict, str]
    because: str
    cause: Mapping[str, str]
    advice: Mapping[str, str]
    no_cause: str
    measured: str
    answered: str
    took: str
    first: str
    sections: Mapping[Section, str]
    section: str
    gates_about: str
    no_gates: str
    gate: str
    outcome: str
    outcomes: Mapping[str, str]
    change: str
    at_most: str
    allowed: str
    causes_about: str
    no_causes: str
    moved: str
    by: str
    shown: str
    not_shown: str
    unknown: str
    statuses: Mapping[str, str]
    other_metrics: str
    worst_about: str
    no_worst: str
    lost: str
    expected: str
    behaviours: Mapping[str, str]
    now: str
    before: str
    scores: str
    sources: str
    gaps_about: str
    gaps_unknown: str
    covered: str
    unasked: str
    no_gaps: str
    gap: str
    no_words: str
    asked: str
    turn_outcomes: Mapping[str, str]
    add: str
    added: str
    add_title: str
    question: str
    question_help: str
    right: str
    kinds: Mapping[CaseKind, str]
    entry: str
    entry_help: str
    reference: str
    reference_help: str
    save: str
    cancel: str
    saved: str
    may_not: str
    closed_about: str
    none_closed: str
    closed_by: str
    closed: str
    not_closed: str
    cases_about: str
    no_cases: str
    added_by: str
    not_asked: str
    in_night: str
    as_expected: str
    not_as_expected: str
    take_out: str
    taken_out: str


TEXTS: Final[Mapping[Language, NightsText]] = {
    "en": NightsText(
        language="en",
        title="Nights",
        about="Each night the eval cases are asked of every arm; what changed is named, with its "
        "cause.",
        unread="The nights could not be read.",
        none="No night yet",
        none_more="A night measures every arm on the eval cases and compares it with the nights "
        "before. A running server does so at 02:00; to run one now:",
        missed="A night is overdue: none has run for more than 26 hours. Run one now: "
        "`routeback evals nightly`",
        trend="How the scores moved",
        trend_about="Mean of each night with its 95 % interval; higher is better.",
        trend_alt="Chart of the mean {metric} per night and arm. Nights: {count}. Last: {last}.",
        metric="Score",
        metrics={
            "fast": "overall (fast)",
            "facts": "facts stated",
            "sources": "right sources",
            "behaviour": "right behaviour",
            "faithfulness": "faithful (judge)",
            "factual_correctness": "correct (judge)",
        },
        kind="Kind of question",
        every_kind="all questions",
        languages={"en": "English", "de": "German", "*": "all languages"},
        over="Over",
        over_nights="{count} nights",
        no_points="No night that is done has this score.",
        mean="Mean",
        night="Night",
        arm="Arm",
        low="from",
        high="to",
        arms={"base": "base", "quote": "the document's own words"},
        nights="All nights",
        nights_about="Newest first: {count}.",
        verdicts={
            "pass": "Passed",
            "regression": "Regression",
            "unmeasured": "Could not measure",
            "running": "Running",
        },
        because="– moved by {causes}",
        cause={
            "candidate": "the candidate {arm}",
            "judge": "the judge",
            "retrieval": "retrieval",
            "base": "base",
            "mix": "the mix of questions",
        },
        advice={
            "candidate": "The answers of {arm} changed on the same passages. The guardrail acts on "
            "pairs; the quality page shows where it answers.",
            "judge": "The same answers got other scores: the judge changed, no model did. "
            "Promotions wait. To accept the new judge: `routeback evals freeze`",
            "retrieval": "Other passages are found for the same questions. See what was added to "
            "or removed from the documents.",
            "base": "Base's own answers changed on the same passages: its model, its engine or the "
            "prompts. If that was meant: `routeback evals freeze`",
            "mix": "People ask other kinds of questions than before. See the coverage gaps.",
        },
        no_cause="No change is shown.",
        measured="{cases} cases, {arms} arms",
        answered="{answers} answers, {failed} without one",
        took="took {minutes} minutes",
        first="The first night has nothing to compare with.",
        sections={
            "gates": "Gates",
            "causes": "Causes",
            "worst": "Worst cases",
            "gaps": "Coverage gaps",
            "closed": "Closed gaps",
            "cases": "Added cases",
        },
        section="What of this night",
        gates_about="A gate fails the night when a score is shown to have fallen by more than is "
        "allowed, or when that could not be found out.",
        no_gates="This night had no gate that could be looked at.",
        gate="Gate",
        outcome="Outcome",
        outcomes={
            "pass": "passed",
            "regression": "failed",
            "could not measure": "could not measure",
        },
        change="Change",
        at_most="At most",
        allowed="Allowed",
        causes_about="What moved a score, found by experiments: frozen answers are scored again, "
        "and frozen passages answered again.",
        no_causes="Nothing was compared.",
        moved="Moved by",
        by="By",
        shown="shown",
        not_shown="not shown",
        unknown="unknown: {reason}",
        statuses={
            "no change shown": "no change is shown",
            "named": "moved by {causes}",
            "unresolved": "moved, and no cause is shown",
        },
        other_metrics="Other scores ({count})",
        worst_about="The answers that lost most, beside what they lost against.",
        no_worst="No answer lost anything.",
        lost="lost {points} points",
        expected="Expected",
        behaviours={
            "answer": "an answer",
            "abstain": "no answer: the documents hold none",
            "ask_back": "a question back",
            "hand_over": "a person",
        },
        now="This night",
        before="Before",
        scores="Scores",
        sources="From",
        gaps_about="Kinds of questions that people ask and that no eval case asks. What is not "
        "asked at night can break unseen.",
        gaps_unknown="What is missing is not known: {reason}",
        covered="The cases stand for **{share} %** [{low}, {high}] of {questions} real questions "
        "({cases} cases).",
        unasked="{count} kinds have cases that nobody asks.",
        no_gaps="Every kind of question that people ask has a case.",
        gap="{share} % of all questions · asked {questions} times · {cases} cases",
        no_words="Nothing is kept of these questions any more.",
        asked="{day}, {outcome}",
        turn_outcomes={
            "answered": "answered",
            "asked": "asked back",
            "abstained": "no answer found",
            "replied": "replied to",
            "handed_off": "handed to a person",
            "left": "left",
            "failed": "failed",
        },
        add="Add as case",
        added="is an eval case",
        add_title="A new eval case",
        question="Question",
        question_help="In the person's own words it is erased with what they asked; in yours, it "
        "stays.",
        right="What is right?",
        kinds={
            "quote": "an entry, in its own words",
            "write": "a written answer",
            "abstain": "no answer: the documents hold none",
        },
        entry="Entry",
        entry_help="Key, name or file of the entry that holds the answer.",
        reference="A right answer",
        reference_help="In your own words. Left empty where an entry is quoted: its words.",
        save="Add the case",
        cancel="Cancel",
        saved="The case {id} is added. The next night asks it.",
        may_not="Cases are added by owners and editors.",
        closed_about="What people had asked in vain and an entry of the last seven days was to "
        "answer, asked once more this night.",
        none_closed="No entry of the last seven days was made for a gap.",
        closed_by="Entry {key} · {language} · approved by {by}, {at}",
        closed="Closed: the entry answers now.",
        not_closed="Still open: the entry does not answer it.",
        cases_about="Cases that people added here; every night asks them beside those in files.",
        no_cases="Nobody has added a case yet.",
        added_by="added by {by} on {day}",
        not_asked="No night has asked it yet.",
        in_night="{arm} in the night of {day}: {outcome}",
        as_expected="as expected",
        not_as_expected="**not as expected**",
        take_out="Take out",
        taken_out="The case {id} is taken out; what nights found of it stays.",
    ),
    "de": NightsText(
        language="de",
        title="Nächte",
        about="Jede Nacht werden die Prüffälle jedem Arm gestellt; was sich verändert hat, wird "
        "mit seiner Ursache genannt.",
        unread="Die Nächte konnten nicht gelesen werden.",
        none="Noch keine Nacht",
        none_more="Eine Nacht misst jeden Arm an den Prüffällen und vergleicht mit den Nächten "
        "davor. Ein laufender Server tut das um 02:00 Uhr; gleich geht es so:",
        missed="Eine Nacht ist überfällig: Seit mehr als 26 Stunden lief keine. Gleich geht es "
        "so: `routeback evals nightly`",
        trend="Wie sich die Werte bewegt haben",
        trend_about="Mittelwert jeder Nacht mit 95-%-Intervall; höher ist besser.",
        trend_alt="Diagramm: Mittelwert „{metric}“ je Nacht und Arm. Nächte: {count}. "
        "Zuletzt: {last}.",
        metric="Wert",
        metrics={
            "fast": "gesamt (fast)",
            "facts": "genannte Fakten",
            "sources": "richtige Quellen",
            "behaviour": "richtiges Verhalten",
            "faithfulness": "treu (Richter)",
            "factual_correctness": "richtig (Richter)",
        },
        kind="Art der Frage",
        every_kind="alle Fragen",
        languages={"en": "Englisch", "de": "Deutsch", "*": "alle Sprachen"},
        over="Über",
        over_nights="{count} Nächte",
        no_points="Keine abgeschlossene Nacht hat diesen Wert.",
        mean="Mittelwert",
        night="Nacht",
        arm="Arm",
        low="von",
        high="bis",
        arms={"base": "base", "quote": "die Worte des Dokuments"},
        nights="Alle Nächte",
        nights_about="Die neueste zuerst: {count}.",
        verdicts={
            "pass": "Bestanden",
            "regression": "Rückschritt",
            "unmeasured": "Nicht messbar",
            "running": "Läuft",
        },
        because="– bewegt durch: {causes}",
        cause={
            "candidate": "Kandidat {arm}",
            "judge": "Richter",
            "retrieval": "Suche",
            "base": "base",
            "mix": "Mischung der Fragen",
        },
        advice={
            "candidate": "Die Antworten von {arm} haben sich bei gleichen Textstellen verändert. "
            "Die Leitplanke handelt nach Paaren; die Qualitätsseite zeigt, wo er antwortet.",
            "judge": "Dieselben Antworten bekamen andere Werte: Der Richter hat sich verändert, "
            "kein Modell. Beförderungen warten. Den neuen Richter annehmen: "
            "`routeback evals freeze`",
            "retrieval": "Zu denselben Fragen werden andere Textstellen gefunden. Sehen Sie nach, "
            "was zu den Dokumenten kam oder wegfiel.",
            "base": "Die eigenen Antworten von base haben sich bei gleichen Textstellen "
            "verändert: Modell, Engine oder Prompts. Wenn das gewollt war: "
            "`routeback evals freeze`",
            "mix": "Es wird anderes gefragt als zuvor. Sehen Sie sich die Lücken an.",
        },
        no_cause="Es zeigt sich keine Veränderung.",
        measured="{cases} Fälle, {arms} Arme",
        answered="{answers} Antworten, {failed} ohne",
        took="dauerte {minutes} Minuten",
        first="Die erste Nacht hat nichts zum Vergleichen.",
        sections={
            "gates": "Tore",
            "causes": "Ursachen",
            "worst": "Schlechteste Fälle",
            "gaps": "Lücken",
            "closed": "Geschlossene Lücken",
            "cases": "Ergänzte Fälle",
        },
        section="Was von dieser Nacht",
        gates_about="Ein Tor lässt die Nacht scheitern, wenn ein Wert nachweislich um mehr als "
        "erlaubt gefallen ist oder sich das nicht herausfinden ließ.",
        no_gates="Diese Nacht hatte kein Tor, das geprüft werden konnte.",
        gate="Tor",
        outcome="Ergebnis",
        outcomes={
            "pass": "bestanden",
            "regression": "gescheitert",
            "could not measure": "nicht messbar",
        },
        change="Veränderung",
        at_most="Höchstens",
        allowed="Erlaubt",
        causes_about="Was einen Wert bewegt hat, durch Versuche gefunden: Eingefrorene Antworten "
        "werden neu bewertet, eingefrorene Textstellen neu beantwortet.",
        no_causes="Es wurde nichts verglichen.",
        moved="Bewegt durch",
        by="Um",
        shown="gezeigt",
        not_shown="nicht gezeigt",
        unknown="unbekannt: {reason}",
        statuses={
            "no change shown": "keine Veränderung gezeigt",
            "named": "bewegt durch {causes}",
            "unresolved": "bewegt, ohne dass sich eine Ursache zeigt",
        },
        other_metrics="Weitere Werte ({count})",
        worst_about="Die Antworten, die am meisten verloren haben, neben dem, wogegen sie "
        "verloren.",
        no_worst="Keine Antwort hat etwas verloren.",
        lost="{points} Punkte verloren",
        expected="Erwartet",
        behaviours={
            "answer": "eine Antwort",
            "abstain": "keine Antwort: Die Dokumente enthalten keine",
            "ask_back": "eine Rückfrage",
            "hand_over": "ein Mensch",
        },
        now="Diese Nacht",
        before="Davor",
        scores="Werte",
        sources="Aus",
        gaps_about="Arten von Fragen, die gestellt werden und die kein Prüffall stellt. Was nachts "
        "nicht gefragt wird, kann unbemerkt zerbrechen.",
        gaps_unknown="Was fehlt, ist nicht bekannt: {reason}",
        covered="Die Fälle stehen für **{share} %** [{low}; {high}] von {questions} echten Fragen "
        "({cases} Fälle).",
        unasked="{count} Arten haben Fälle, die niemand fragt.",
        no_gaps="Jede Art von Frage, die gestellt wird, hat einen Fall.",
        gap="{share} % aller Fragen · {questions}-mal gefragt · {cases} Fälle",
        no_words="Von diesen Fragen ist nichts mehr aufbewahrt.",
        asked="{day}, {outcome}",
        turn_outcomes={
            "answered": "beantwortet",
            "asked": "zurückgefragt",
            "abstained": "keine Antwort gefunden",
            "replied": "erwidert",
            "handed_off": "an einen Menschen gegeben",
            "left": "verlassen",
            "failed": "gescheitert",
        },
        add="Als Fall ergänzen",
        added="ist ein Prüffall",
        add_title="Ein neuer Prüffall",
        question="Frage",
        question_help="In den Worten der Person wird er mit ihrer Frage gelöscht; in Ihren bleibt "
        "er.",
        right="Was ist richtig?",
        kinds={
            "quote": "ein Eintrag, in seinen Worten",
            "write": "eine geschriebene Antwort",
            "abstain": "keine Antwort: Die Dokumente enthalten keine",
        },
        entry="Eintrag",
        entry_help="Schlüssel, Name oder Datei des Eintrags, der die Antwort enthält.",
        reference="Eine richtige Antwort",
        reference_help="In Ihren Worten. Bleibt leer, wo ein Eintrag zitiert wird: dessen Worte.",
        save="Fall ergänzen",
        cancel="Abbrechen",
        saved="Der Fall {id} ist ergänzt. Die nächste Nacht fragt ihn.",
        may_not="Fälle ergänzen die Rollen owner und editor.",
        closed_about="Was vergeblich gefragt wurde und ein Eintrag der letzten sieben Tage "
        "beantworten soll, in dieser Nacht noch einmal gefragt.",
        none_closed="Kein Eintrag der letzten sieben Tage wurde für eine Lücke gemacht.",
        closed_by="Eintrag {key} · {language} · freigegeben von {by}, {at}",
        closed="Geschlossen: Der Eintrag antwortet jetzt.",
        not_closed="Noch offen: Der Eintrag beantwortet es nicht.",
        cases_about="Fälle, die hier ergänzt wurden; jede Nacht fragt sie neben denen in Dateien.",
        no_cases="Noch niemand hat einen Fall ergänzt.",
        added_by="ergänzt von {by} am {day}",
        not_asked="Noch keine Nacht hat ihn gefragt.",
        in_night="{arm} in der Nacht vom {day}: {outcome}",
        as_expected="wie erwartet",
        not_as_expected="**nicht wie erwartet**",
        take_out="Herausnehmen",
        taken_out="Der Fall {id} ist herausgenommen; was Nächte dazu fanden, bleibt.",
    ),
}
