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
    copied: str
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
    earlier: str
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
    why_not: str
    reasons: Mapping[str, str]
    comment: str
    comment_hint: str
    send_rating: str
    rated: str
    person: str
    person_offer: str
    person_wanted: str
    somebody: str
    write: str
    awaited: str
    answers: str
    request_number: str
    out_of_hours: str
    expected: str
    meanwhile: str
    leave_address: str
    address_more: str
    contact: str
    contact_hint: str
    send_address: str
    address_said: str
    address_left: str
    to_bot: str
    solved: str
    solved_more: str
    closed: str
    anew: str
    moves: Mapping[str, str]
    taken_over: str
    stop: str
    edit: str
    your_question: str
    ask_edited: str
    replaced: str
    history: str
    not_yours: str
    rests: str
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
            "draft": "Drafted by AI, sent by a person: {name}",
        },
        author_unknown="Written or chosen by AI",
        copy="Copy with sources",
        copied="Copied",
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
        earlier="Show what was said before ({count})",
        whole="Show the whole entry",
        not_found="Not found in the sources",
        stopped="This answer was stopped before it was complete.",
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
        why_not="What was wrong?",
        reasons={
            "wrong": "Wrong",
            "incomplete": "Incomplete",
            "outdated": "Outdated",
            "misunderstood": "Did not understand me",
            "other": "Something else",
        },
        comment="Comment",
        comment_hint="What was good or wrong? (optional)",
        send_rating="Send rating",
        rated="Thank you, your rating is stored.",
        person="Talk to a person",
        person_offer="A person can help you with this.",
        person_wanted="I would like to talk to a person.",
        somebody="somebody of the team",
        write="Write to the support team",
        awaited="The support team has been asked.",
        answers="{name} answers you here.",
        request_number="Your request is {ticket}.",
        out_of_hours="The team is not there right now.",
        expected="An answer is expected by {at}.",
        meanwhile="It will stand here. What you write meanwhile goes to the team; the assistant "
        "is silent.",
        leave_address="Leave an address",
        address_more="The team can reach you there if you leave this page.",
        contact="How can we reach you?",
        contact_hint="E-mail or telephone",
        send_address="Send address",
        address_said="I have left an address for the answer.",
        address_left="The team has your address.",
        to_bot="Back to the assistant",
        solved="Your request is marked as solved.",
        solved_more="How was the help? If it is not solved, simply write again.",
        closed="This conversation is over. What you write begins a new one.",
        anew="The conversation before is over; a new one begins here.",
        moves={
            "ask": "Passed on to the support team {ticket}",
            "claim": "{by} has taken over",
            "release": "Back in the team’s queue",
            "return": "The assistant answers again",
            "withdraw": "Request withdrawn; the assistant answers again",
            "solve": "Marked as solved",
            "reopen": "Opened again {ticket}",
            "close": "Conversation closed",
        },
        taken_over="A person began to answer here, so the assistant stopped.",
        stop="Stop",
        edit="Edit question",
        your_question="Your question",
        ask_edited="Ask this instead",
        replaced="Replaced: {question}",
        history="Your conversations",
        not_yours="That conversation is over, or not yours.",
        rests="Highlighted: what the answer rests on",
        decimal=".",
        causes={
            "unreachable": "The server cannot be reached. Please check that it is running.",
            "lost": "The connection to the server broke off before the answer was complete.",
            "slow": "The server has not answered for too long.",
            "busy": "Many questions are being answered right now.",
            "key": "The server does not accept this page's key. "
            "Please tell the person who runs Routeback.",
            "ended": "This conversation has ended. Please send it again: a new one begins.",
            "conflict": "That cannot be done as things stand now. Please load the page again.",
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
            "draft": "Von einer KI entworfen, von einem Menschen gesendet: {name}",
        },
        author_unknown="Von einer KI geschrieben oder ausgewählt",
        copy="Mit Quellen kopieren",
        copied="Kopiert",
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
        earlier="Früheres zeigen ({count})",
        whole="Ganzen Eintrag zeigen",
        not_found="In den Quellen nicht gefunden",
        stopped="Diese Antwort wurde angehalten, bevor sie vollständig war.",
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
        why_not="Was war nicht gut?",
        reasons={
            "wrong": "Falsch",
            "incomplete": "Unvollständig",
            "outdated": "Veraltet",
            "misunderstood": "Nicht verstanden",
            "other": "Etwas anderes",
        },
        comment="Kommentar",
        comment_hint="Was war gut, was war falsch? (freiwillig)",
        send_rating="Bewertung senden",
        rated="Vielen Dank, Ihre Bewertung ist gespeichert.",
        person="Mit einem Menschen sprechen",
        person_offer="Ein Mensch kann Ihnen dabei helfen.",
        person_wanted="Ich möchte mit einem Menschen sprechen.",
        somebody="jemand vom Team",
        write="Schreiben Sie dem Support",
        awaited="Der Support ist gefragt.",
        answers="{name} antwortet Ihnen hier.",
        request_number="Ihre Anfrage ist {ticket}.",
        out_of_hours="Zurzeit ist dort niemand da.",
        expected="Eine Antwort ist bis {at} zu erwarten.",
        meanwhile="Sie wird hier stehen. Was Sie bis dahin schreiben, geht an das Team; die KI "
        "schweigt.",
        leave_address="Adresse hinterlassen",
        address_more="Dort erreicht Sie das Team, wenn Sie diese Seite verlassen.",
        contact="Wie erreichen wir Sie?",
        contact_hint="E-Mail oder Telefon",
        send_address="Adresse senden",
        address_said="Ich habe eine Adresse für die Antwort hinterlassen.",
        address_left="Das Team hat Ihre Adresse.",
        to_bot="Zurück zur KI",
        solved="Ihre Anfrage ist als gelöst vermerkt.",
        solved_more="Wie war die Hilfe? Ist es nicht gelöst, schreiben Sie einfach weiter.",
        closed="Dieses Gespräch ist beendet. Was Sie schreiben, beginnt ein neues.",
        anew="Das Gespräch davor ist beendet; hier beginnt ein neues.",
        moves={
            "ask": "An den Support weitergegeben {ticket}",
            "claim": "{by} hat übernommen",
            "release": "Wieder in der Warteschlange des Teams",
            "return": "Die KI antwortet wieder",
            "withdraw": "Anfrage zurückgezogen; die KI antwortet wieder",
            "solve": "Als gelöst vermerkt",
            "reopen": "Wieder geöffnet {ticket}",
            "close": "Gespräch beendet",
        },
        taken_over="Ein Mensch hat hier zu antworten begonnen, deshalb hörte die KI auf.",
        stop="Anhalten",
        edit="Frage ändern",
        your_question="Ihre Frage",
        ask_edited="Stattdessen dies fragen",
        replaced="Ersetzt: {question}",
        history="Ihre Gespräche",
        not_yours="Dieses Gespräch ist beendet oder nicht Ihres.",
        rests="Hervorgehoben: worauf die Antwort beruht",
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
            "conflict": "Das geht gerade nicht. Bitte laden Sie die Seite neu.",
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
