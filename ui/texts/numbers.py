"""Every sentence of the page of the numbers, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language


@dataclass(frozen=True, slots=True)
class NumbersText:
    """In one language. Fields in braces are filled in by ``str.format``; markdown."""

    language: Language
    title: str
    about: str
    span: str
    days: str
    by: str
    groups: Mapping[str, str]
    unread: str
    nothing: str
    percent: str
    interval: str
    of_cases: str
    of_replies: str
    too_few: str
    not_known: str
    # the pilot
    pilot: str
    pilot_about: str
    no_targets: str
    metrics: Mapping[str, str]
    everywhere: str
    at_least: str
    at_most: str
    standings: Mapping[str, str]
    standing: Mapping[str, str]
    needed: str
    # durable resolution, and what others would say
    durable: str
    durable_about: str
    ours: str
    others: Mapping[str, str]
    others_about: Mapping[str, str]
    others_reading: str
    pending: str
    demand: str
    demand_told: str
    excluded: Mapping[str, str]
    sessions: str
    straight: str
    causes: str
    cause: Mapping[str, str]
    # by group
    apart: str
    group: str
    share: str
    low: str
    high: str
    demands: str
    people: str
    waiting: str
    unnamed: str
    # of the team
    service: str
    service_about: str
    first_reply: str
    first_reply_most: str
    solution: str
    solution_most: str
    tickets: str
    reopened: str
    rated: str
    pleased: str
    ratings: str
    drafted: str
    unchanged: str
    # costs
    costs: str
    costs_about: str
    no_costs: str
    arm: str
    answers: str
    prompt_tokens: str
    completion_tokens: str
    seconds: str
    money: str


TEXTS: Final[Mapping[Language, NumbersText]] = {
    "en": NumbersText(
        language="en",
        title="Numbers",
        about="What became of what people asked, from {since} to {until} ({zone}).",
        span="Time",
        days="{count} days",
        by="Told apart by",
        groups={
            "none": "Nothing",
            "segment": "Kind of question",
            "language": "Language",
            "arm": "Who answered",
        },
        unread="The numbers cannot be read.",
        nothing="Nobody has asked anything in these days.",
        percent="{value}\u00a0%",
        interval="{low} to {high}",
        of_cases="of {count}",
        of_replies="of {count} replies",
        too_few="Too few",
        not_known="Open",
        pilot="Pilot",
        pilot_about="What the team wants to reach. A target is reached when the whole interval is "
        "there, not when the number is.",
        no_targets="No target is set. The setting `desk.targets` says what the team wants to "
        "reach; how far each is then stands here.",
        metrics={
            "durable_resolution": "Durable resolution",
            "pleased": "Pleased with the help",
            "reopened": "Tickets opened again",
            "first_reply_minutes": "First reply",
            "solution_minutes": "Solution",
        },
        everywhere="Everything",
        at_least="at least {value}",
        at_most="at most {value}",
        standings={
            "reached": "Reached",
            "missed": "Not reached",
            "open": "Not yet known",
            "too_few": "Too few cases",
        },
        standing={
            "reached": "{value}: all of {interval} is there ({cases} cases).",
            "missed": "{value}: nothing of {interval} is there ({cases} cases).",
            "open": "{value}, but {interval} holds the target ({cases} cases).",
            "too_few": "{cases} so far; at 20 a number is told.",
        },
        needed="If it stays so, about {count} cases would decide it.",
        durable="Durable resolution",
        durable_about="How much of what people wanted to know was settled without a person, and "
        "stayed so for seven days. Beside it what others would say of the same data.",
        ours="Durable resolution",
        others={"intercom": "As Intercom counts", "chatwoot": "As Chatwoot counts"},
        others_about={
            "intercom": "Conversations with an answer, and nothing more asked there within 24 "
            "hours. Who asks again elsewhere or later, or rates it down, is not seen.",
            "chatwoot": "Conversations silent for a day, without a person, and not gone on with "
            "within 7 days. Whether there was an answer at all is not seen.",
        },
        others_reading="This is our reading of what they say in public:",
        pending="{count} are younger than seven days and are not counted yet.",
        demand="What was counted",
        demand_told="Of {asked} messages to the assistant {eligible} were questions to be "
        "answered. They are {demands} demands of {people} people.",
        excluded={
            "erased": "erased",
            "no_person": "by nobody who is known as a person",
            "small_talk": "greetings and thanks",
            "language": "in a language that is not spoken",
            "left_at_once": "left within 3 seconds",
        },
        sessions="{share} of the demands are by people who are known by their browser alone.",
        straight="{count} tickets came from people who had asked nothing before.",
        causes="Why not",
        cause={
            "person": "A person was asked for",
            "asked_again": "Asked again",
            "rated_down": "Rated down",
            "failed": "The answer failed",
            "left": "Left before the answer",
            "no_answer": "No answer",
        },
        apart="Told apart by: {group}",
        group="Group",
        share="Durable, %",
        low="From, %",
        high="To, %",
        demands="Demands",
        people="People",
        waiting="Not counted yet",
        unnamed="Not known",
        service="The team",
        service_about="Of {count} tickets that were opened in these days; times are business "
        "hours. Shares and times are told from 20 on; open is what those decide who wait still.",
        first_reply="First reply, half within",
        first_reply_most="First reply, 90\u00a0% within",
        solution="Solution, half within",
        solution_most="Solution, 90\u00a0% within",
        tickets="{count} tickets",
        reopened="Opened again",
        rated="Rated",
        pleased="Pleased (4 or 5 stars)",
        ratings="Stars: {listed}",
        drafted="Replies made from a draft",
        unchanged="Drafts sent as they were",
        costs="What an answer costs",
        costs_about="On average; seconds are the median.",
        no_costs="No arm has written an answer in these days.",
        arm="Who answered",
        answers="Answers",
        prompt_tokens="Tokens read",
        completion_tokens="Tokens written",
        seconds="Seconds",
        money="Money",
    ),
    "de": NumbersText(
        language="de",
        title="Zahlen",
        about="Was aus dem wurde, was gefragt worden ist, vom {since} bis zum {until} ({zone}).",
        span="Zeit",
        days="{count} Tage",
        by="Getrennt nach",
        groups={
            "none": "Nichts",
            "segment": "Art der Frage",
            "language": "Sprache",
            "arm": "Wer antwortete",
        },
        unread="Die Zahlen sind nicht zu lesen.",
        nothing="In diesen Tagen hat niemand etwas gefragt.",
        percent="{value}\u00a0%",
        interval="{low} bis {high}",
        of_cases="von {count}",
        of_replies="von {count} Antworten",
        too_few="Zu wenige",
        not_known="Offen",
        pilot="Pilot",
        pilot_about="Was das Team erreichen will. Ein Ziel ist erreicht, wenn der ganze Bereich "
        "dort liegt, nicht schon die Zahl.",
        no_targets="Es ist kein Ziel gesetzt. Die Einstellung `desk.targets` sagt, was das Team "
        "erreichen will; wie weit jedes ist, steht dann hier.",
        metrics={
            "durable_resolution": "Dauerhaft gelöst",
            "pleased": "Zufrieden mit der Hilfe",
            "reopened": "Wieder geöffnete Anfragen",
            "first_reply_minutes": "Erste Antwort",
            "solution_minutes": "Lösung",
        },
        everywhere="Alles",
        at_least="mindestens {value}",
        at_most="höchstens {value}",
        standings={
            "reached": "Erreicht",
            "missed": "Nicht erreicht",
            "open": "Noch unbekannt",
            "too_few": "Zu wenige Fälle",
        },
        standing={
            "reached": "{value}: Alles von {interval} liegt dort ({cases} Fälle).",
            "missed": "{value}: Nichts von {interval} liegt dort ({cases} Fälle).",
            "open": "{value}, aber {interval} schließt das Ziel ein ({cases} Fälle).",
            "too_few": "Bisher {cases}; ab 20 gibt es eine Zahl.",
        },
        needed="Bleibt es so, entscheiden es etwa {count} Fälle.",
        durable="Dauerhaft gelöst",
        durable_about="Wie viel von dem, was Menschen wissen wollten, ohne einen Menschen erledigt "
        "wurde und es sieben Tage lang blieb. Daneben, was andere zu denselben Daten sagen würden.",
        ours="Dauerhaft gelöst",
        others={"intercom": "Wie Intercom zählt", "chatwoot": "Wie Chatwoot zählt"},
        others_about={
            "intercom": "Gespräche mit einer Antwort, in denen 24 Stunden lang nichts mehr gefragt "
            "wurde. Wer anderswo oder später wieder fragt oder schlecht bewertet, fehlt.",
            "chatwoot": "Gespräche, die einen Tag lang ruhten, ohne einen Menschen, und in 7 Tagen "
            "nicht weitergingen. Ob es überhaupt eine Antwort gab, bleibt offen.",
        },
        others_reading="So lesen wir, was sie öffentlich sagen:",
        pending="{count} sind jünger als sieben Tage und zählen noch nicht.",
        demand="Was gezählt wurde",
        demand_told="Von {asked} Nachrichten an den Assistenten waren {eligible} Fragen, die zu "
        "beantworten waren. Das sind {demands} Anliegen von {people} Menschen.",
        excluded={
            "erased": "gelöscht",
            "no_person": "von niemandem, der als Mensch bekannt ist",
            "small_talk": "Grüße und Dank",
            "language": "in einer Sprache, die nicht gesprochen wird",
            "left_at_once": "nach höchstens 3 Sekunden verlassen",
        },
        sessions="{share} der Anliegen sind von Menschen, die nur ihr Browser ausweist.",
        straight="{count} Anfragen kamen von Menschen, die vorher nichts gefragt hatten.",
        causes="Warum nicht",
        cause={
            "person": "Ein Mensch wurde verlangt",
            "asked_again": "Wieder gefragt",
            "rated_down": "Schlecht bewertet",
            "failed": "Die Antwort schlug fehl",
            "left": "Vor der Antwort gegangen",
            "no_answer": "Keine Antwort",
        },
        apart="Getrennt nach: {group}",
        group="Gruppe",
        share="Dauerhaft, %",
        low="Von, %",
        high="Bis, %",
        demands="Anliegen",
        people="Menschen",
        waiting="Zählen noch nicht",
        unnamed="Nicht bekannt",
        service="Das Team",
        service_about="Von {count} Anfragen, die in diesen Tagen geöffnet wurden; Zeiten sind "
        "Geschäftszeit. Anteile und Zeiten gibt es ab 20; offen ist, was die entscheiden, die "
        "noch warten.",
        first_reply="Erste Antwort, die Hälfte in",
        first_reply_most="Erste Antwort, 90\u00a0% in",
        solution="Lösung, die Hälfte in",
        solution_most="Lösung, 90\u00a0% in",
        tickets="{count} Anfragen",
        reopened="Wieder geöffnet",
        rated="Bewertet",
        pleased="Zufrieden (4 oder 5 Sterne)",
        ratings="Sterne: {listed}",
        drafted="Antworten aus einem Entwurf",
        unchanged="Entwürfe unverändert gesendet",
        costs="Was eine Antwort kostet",
        costs_about="Im Mittel; Sekunden sind der Median.",
        no_costs="In diesen Tagen hat kein Arm eine Antwort geschrieben.",
        arm="Wer antwortete",
        answers="Antworten",
        prompt_tokens="Tokens gelesen",
        completion_tokens="Tokens geschrieben",
        seconds="Sekunden",
        money="Geld",
    ),
}
