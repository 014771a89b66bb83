"""What the points of a summary and the ends of a draft are called, in English and German."""

from collections.abc import Mapping
from typing import Final, Literal

from assistant.desk.summary import PointKind
from assistant.language import Language

Undrafted = Literal[
    "nothing_open", "not_found", "which", "not_carried", "unchecked", "withheld", "language", "talk"
]
"""Why there is no draft."""

POINTS: Final[Mapping[Language, Mapping[PointKind, str]]] = {
    "en": {
        "asked_bot": "Asked of the assistant",
        "told_team": "Written to the team",
        "merged": "Asked in a ticket that was merged into this one",
        "quoted": "Quoted from the documents",
        "written": "Written by a model from the documents",
        "offered": "Asked back which of these is meant",
        "abstained": "No answer was given; these were named as near",
        "nothing_named": "No answer was given, and nothing was near",
        "passed_on": "Passed on to a person",
        "broken_off": "The answer was broken off",
        "failed": "There was no answer",
        "person": "Answered by a person",
        "not_found": "Nothing in the documents answers this",
        "unsure": "No answer could be written that the documents carry",
        "withheld": "The model’s provider withheld the answer",
        "which": "It is open which of these is meant",
        "left_open": "This question of the message was not answered",
        "rated_down": "The answer was rated down",
        "for_people": "Only people answer this",
        "foreign": "The assistant does not speak this language",
        "no_answer": "There was no answer, or not all of it",
        "waits": "Waits for an answer of the team",
        "evidence": "How likely what was found answers",
        "not_carried": "No source carries this sentence",
        "unchecked": "The answer could not be checked",
        "no_score": "A score is missing",
        "did_not_pass": "A model’s answer did not pass the check, and was not shown as it was",
        "found_nothing": "A model found no answer in the passages",
        "late": "A model took too long",
        "arm_failed": "A model could not be asked",
        "too_long": "The answer became too long and breaks off",
    },
    "de": {
        "asked_bot": "Den Assistenten gefragt",
        "told_team": "An das Team geschrieben",
        "merged": "In einem Ticket gefragt, das hier aufgegangen ist",
        "quoted": "Aus den Dokumenten zitiert",
        "written": "Von einem Modell aus den Dokumenten geschrieben",
        "offered": "Zurückgefragt, was davon gemeint ist",
        "abstained": "Keine Antwort gegeben; als nah genannt wurden diese",
        "nothing_named": "Keine Antwort gegeben, und nichts war nah",
        "passed_on": "An einen Menschen weitergegeben",
        "broken_off": "Die Antwort wurde abgebrochen",
        "failed": "Es gab keine Antwort",
        "person": "Von einem Menschen beantwortet",
        "not_found": "Nichts in den Dokumenten beantwortet das",
        "unsure": "Keine Antwort ließ sich schreiben, die die Dokumente tragen",
        "withheld": "Der Anbieter des Modells hat die Antwort zurückgehalten",
        "which": "Offen ist, was davon gemeint ist",
        "left_open": "Diese Frage der Nachricht blieb unbeantwortet",
        "rated_down": "Die Antwort wurde schlecht bewertet",
        "for_people": "Das beantworten nur Menschen",
        "foreign": "Diese Sprache spricht der Assistent nicht",
        "no_answer": "Es gab keine Antwort, oder nicht die ganze",
        "waits": "Wartet auf eine Antwort des Teams",
        "evidence": "Wie wahrscheinlich das Gefundene antwortet",
        "not_carried": "Keine Quelle trägt diesen Satz",
        "unchecked": "Die Antwort ließ sich nicht prüfen",
        "no_score": "Eine Bewertung fehlt",
        "did_not_pass": "Die Antwort eines Modells bestand die Prüfung nicht und wurde so nicht "
        "gezeigt",
        "found_nothing": "Ein Modell fand in den Textstellen keine Antwort",
        "late": "Ein Modell brauchte zu lange",
        "arm_failed": "Ein Modell war nicht zu erreichen",
        "too_long": "Die Antwort wurde zu lang und bricht ab",
    },
}

UNDRAFTED: Final[Mapping[Language, Mapping[Undrafted, str]]] = {
    "en": {
        "nothing_open": "No question is open; say what the draft should answer.",
        "not_found": "Nothing in the documents answers this, so there is no draft.",
        "which": "Several entries may be meant; say which, or choose one.",
        "not_carried": "No answer could be written that the documents carry.",
        "unchecked": "What was written could not be checked, so it is not shown.",
        "withheld": "The model’s provider withheld the answer.",
        "language": "What is asked is neither English nor German.",
        "talk": "There is no question in this that documents would answer.",
    },
    "de": {
        "nothing_open": "Keine Frage ist offen; schreiben Sie, was der Entwurf beantworten soll.",
        "not_found": "Nichts in den Dokumenten beantwortet das, darum gibt es keinen Entwurf.",
        "which": "Mehrere Einträge können gemeint sein; sagen Sie welcher, oder wählen Sie einen.",
        "not_carried": "Keine Antwort ließ sich schreiben, die die Dokumente tragen.",
        "unchecked": "Was geschrieben wurde, ließ sich nicht prüfen und wird nicht gezeigt.",
        "withheld": "Der Anbieter des Modells hat die Antwort zurückgehalten.",
        "language": "Gefragt ist weder auf Deutsch noch auf Englisch.",
        "talk": "Darin ist keine Frage, die Dokumente beantworten würden.",
    },
}
