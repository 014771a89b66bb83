"""Every sentence of the interface, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language
from ui.api.turn import AuthorKind, Mode
from ui.errors import ApiError, Cause


@dataclass(frozen=True, slots=True)
class ChatText:
    """The interface in one language. Fields in braces are filled in by ``str.format``."""

    tagline: str
    chat: str
    new_conversation: str
    language: str
    welcome: str
    welcome_more: str
    examples: tuple[str, ...]
    examples_label: str
    ask: str
    notice: str
    ai: str
    ai_more: str
    authors: Mapping[AuthorKind, str]
    author_unknown: str
    copy: str
    save_markdown: str
    save_json: str
    saved: str
    you: str
    models: Mapping[str, str]
    searching: str
    searching_long: str
    sources: str
    searched: str
    source_language: str
    languages: Mapping[str, str]
    dated: str
    places: Mapping[str, str]
    older: str
    whole: str
    not_found: str
    stopped: str
    ask_again: str
    details: str
    segment: str
    searched_for: str
    mode: str
    modes: Mapping[Mode, str]
    mode_reason: str
    evidence: str
    arm: str
    own_words: str
    reason: str
    fell_back: str
    times: str
    unchecked: str
    rate: str
    comment: str
    comment_hint: str
    send_rating: str
    rated: str
    person: str
    person_offer: str
    person_more: str
    message: str
    contact: str
    contact_hint: str
    send_ticket: str
    message_missing: str
    ticket: str
    ticket_more: str
    tickets: str
    decimal: str
    causes: Mapping[Cause, str]
    wait: str
    server_says: str


TEXTS: Final[Mapping[Language, ChatText]] = {
    "en": ChatText(
        tagline="Answers from your own documents",
        chat="Chat",
        new_conversation="New conversation",
        language="Language",
        welcome="What would you like to know?",
        welcome_more="Ask what a term means or how something works. Every answer names the "
        "passages it comes from, so you can check it.",
        examples=("What is negative transfer?", "How do I reset my password?"),
        examples_label="For example",
        ask="Ask a question",
        notice="An AI chooses or writes the answers and may be wrong.",
        ai="You are talking to an AI system.",
        ai_more="Its answers can be wrong: please check the sources. “Talk to a person” below "
        "reaches people. What you write is stored: e-mail addresses, telephone numbers, IBANs, "
        "card numbers and keys are taken out first, names are not.",
        authors={
            "document": "The documents’ own words, chosen by AI",
            "model": "Written by AI: {name}",
            "product": "Fixed text, written by no AI",
            "person": "Written by a person: {name}",
            "draft": "Drafted by AI, edited by a person: {name}",
        },
        author_unknown="Written or chosen by AI",
        copy="Copy with sources and mark",
        save_markdown="Save as Markdown",
        save_json="Save as JSON",
        saved="Conversation with Routeback",
        you="You",
        models={
            "fetching": "Answers are quoted from the documents; the model that writes is still "
            "being fetched{share}.",
            "starting": "Answers are quoted from the documents; the model that writes is starting.",
            "failed": "Answers are quoted from the documents; the model that writes is not "
            "available.",
        },
        searching="Searching the documents",
        searching_long="Reading the passages. The first words can take a little longer",
        sources="Sources",
        searched="Also searched ({count})",
        source_language="In {language}",
        languages={"en": "English", "de": "German"},
        dated="dated\u00a0{day}",
        places={},
        older="an older version",
        whole="Show the whole entry",
        not_found="Not found in the sources",
        stopped="This answer was interrupted before it was complete.",
        ask_again="Ask again",
        details="Details",
        segment="Kind of question",
        searched_for="Searched for",
        mode="Kind of answer",
        modes={
            "quote": "quoted from the documents",
            "write": "written from the sources",
            "ask": "asked which entry is meant",
            "abstain": "no answer found",
        },
        mode_reason="Why this kind",
        evidence="Probability that it answers",
        arm="Answered by",
        own_words="the document's own words",
        reason="Why",
        fell_back="Base took over",
        times="Time",
        unchecked="This answer could not be checked against the sources.",
        rate="Was this helpful?",
        comment="Comment",
        comment_hint="What was good or wrong? (optional)",
        send_rating="Send rating",
        rated="Thank you, your rating is stored.",
        person="Talk to a person",
        person_offer="A person can help you with this.",
        person_more="Your message goes to the support team together with this conversation.",
        message="Your message",
        contact="How can we reach you? (optional)",
        contact_hint="E-mail or telephone",
        send_ticket="Send request",
        message_missing="Please write what it is about.",
        ticket="Your request has been passed on. Its number:",
        ticket_more="Please keep the number, in case you want to ask about it.",
        tickets="Your requests",
        decimal=".",
        causes={
            "unreachable": "The server cannot be reached. Please check that it is running.",
            "lost": "The connection to the server broke off before the answer was complete.",
            "slow": "The server has not answered for too long.",
            "busy": "Many questions are being answered right now.",
            "key": "The server does not accept this page's key. "
            "Please tell the person who runs Routeback.",
            "ended": "This conversation has ended. Please send it again: a new one begins.",
            "refused": "The server could not answer.",
            "strange": "What came back is not an answer. Does the address lead to Routeback?",
        },
        wait="Please try again in about {seconds} seconds.",
        server_says="It says: {detail}",
    ),
    "de": ChatText(
        tagline="Antworten aus Ihren eigenen Dokumenten",
        chat="Gespräch",
        new_conversation="Neues Gespräch",
        language="Sprache",
        welcome="Was möchten Sie wissen?",
        welcome_more="Fragen Sie, was ein Begriff bedeutet oder wie etwas funktioniert. Jede "
        "Antwort nennt die Textstellen, aus denen sie stammt, damit Sie sie prüfen können.",
        examples=("Was ist negativer Transfer?", "Wie setze ich mein Passwort zurück?"),
        examples_label="Zum Beispiel",
        ask="Stellen Sie eine Frage",
        notice="Eine KI wählt oder schreibt die Antworten und kann irren.",
        ai="Sie sprechen mit einem KI-System.",
        ai_more="Antworten können falsch sein: Bitte prüfen Sie die Quellen. „Mit einem Menschen "
        "sprechen“ unten führt zu Menschen. Was Sie schreiben, wird gespeichert: E-Mail-Adressen, "
        "Telefonnummern, IBANs, Kartennummern und Schlüssel werden vorher entfernt, Namen nicht.",
        authors={
            "document": "Die Worte der Dokumente, von einer KI ausgewählt",
            "model": "Von einer KI geschrieben: {name}",
            "product": "Fester Text, von keiner KI geschrieben",
            "person": "Von einem Menschen geschrieben: {name}",
            "draft": "Von einer KI entworfen, von einem Menschen bearbeitet: {name}",
        },
        author_unknown="Von einer KI geschrieben oder ausgewählt",
        copy="Kopieren mit Quellen und Kennzeichnung",
        save_markdown="Als Markdown speichern",
        save_json="Als JSON speichern",
        saved="Gespräch mit Routeback",
        you="Sie",
        models={
            "fetching": "Die Antworten sind Zitate aus den Dokumenten; das Modell, das schreibt, "
            "wird noch geladen{share}.",
            "starting": "Die Antworten sind Zitate aus den Dokumenten; das Modell, das schreibt, "
            "startet gerade.",
            "failed": "Die Antworten sind Zitate aus den Dokumenten; das Modell, das schreibt, "
            "steht nicht bereit.",
        },
        searching="Die Dokumente werden durchsucht",
        searching_long="Die Textstellen werden gelesen. Bis zu den ersten Wörtern kann es etwas "
        "dauern",
        sources="Quellen",
        searched="Ebenfalls durchsucht ({count})",
        source_language="Auf {language}",
        languages={"en": "Englisch", "de": "Deutsch"},
        dated="vom\u00a0{day}",
        places={"page": "Seite", "slide": "Folie", "sheet": "Blatt"},
        older="eine ältere Fassung",
        whole="Ganzen Eintrag zeigen",
        not_found="In den Quellen nicht gefunden",
        stopped="Diese Antwort wurde unterbrochen, bevor sie vollständig war.",
        ask_again="Noch einmal fragen",
        details="Einzelheiten",
        segment="Art der Frage",
        searched_for="Gesucht nach",
        mode="Art der Antwort",
        modes={
            "quote": "aus den Dokumenten zitiert",
            "write": "aus den Quellen geschrieben",
            "ask": "nachgefragt, welcher Eintrag gemeint ist",
            "abstain": "keine Antwort gefunden",
        },
        mode_reason="Warum diese Art",
        evidence="Wahrscheinlichkeit, dass es die Antwort ist",
        arm="Beantwortet von",
        own_words="die Worte des Dokuments",
        reason="Warum",
        fell_back="Base sprang ein",
        times="Zeit",
        unchecked="Diese Antwort konnte nicht an den Quellen geprüft werden.",
        rate="War das hilfreich?",
        comment="Kommentar",
        comment_hint="Was war gut, was war falsch? (freiwillig)",
        send_rating="Bewertung senden",
        rated="Vielen Dank, Ihre Bewertung ist gespeichert.",
        person="Mit einem Menschen sprechen",
        person_offer="Ein Mensch kann Ihnen dabei helfen.",
        person_more="Ihre Nachricht geht zusammen mit diesem Gespräch an den Support.",
        message="Ihre Nachricht",
        contact="Wie erreichen wir Sie? (freiwillig)",
        contact_hint="E-Mail oder Telefon",
        send_ticket="Anfrage senden",
        message_missing="Bitte schreiben Sie, worum es geht.",
        ticket="Ihre Anfrage ist weitergegeben. Ihre Nummer:",
        ticket_more="Bitte heben Sie die Nummer für Rückfragen auf.",
        tickets="Ihre Anfragen",
        decimal=",",
        causes={
            "unreachable": "Der Server ist nicht erreichbar. Bitte prüfen Sie, ob er läuft.",
            "lost": "Die Verbindung zum Server brach ab, bevor die Antwort vollständig war.",
            "slow": "Der Server hat zu lange nicht geantwortet.",
            "busy": "Gerade werden viele Fragen beantwortet.",
            "key": "Der Server nimmt den Schlüssel dieser Seite nicht an. "
            "Bitte wenden Sie sich an die Person, die Routeback betreibt.",
            "ended": "Dieses Gespräch ist beendet. Bitte senden Sie es noch einmal: "
            "Es beginnt ein neues.",
            "refused": "Der Server konnte nicht antworten.",
            "strange": "Was zurückkam, ist keine Antwort. Führt die Adresse zu Routeback?",
        },
        wait="Bitte versuchen Sie es in etwa {seconds} Sekunden noch einmal.",
        server_says="Er meldet: {detail}",
    ),
}
NAMES: Final[Mapping[Language, str]] = {"en": "English", "de": "Deutsch"}
"""The languages of the interface, each by its own name."""


def explain(error: ApiError, text: ChatText) -> str:
    """Return what went wrong and what to do, for the person at the page."""
    sentences = [text.causes[error.cause]]
    if error.cause == "refused" and error.detail:
        sentences.append(text.server_says.format(detail=error.detail))
    if error.wait_s is not None:
        sentences.append(text.wait.format(seconds=error.wait_s))
    return " ".join(sentences)
