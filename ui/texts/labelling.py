"""The sentences about people's labels on the quality page, in English and German."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ui.api.client import Language
from ui.api.guard import Kind


@dataclass(frozen=True, slots=True)
class LabellingText:
    """The section in one language. Fields in braces are filled in by ``str.format``."""

    title: str
    about: str
    who: str
    who_hint: str
    no_name: str
    kinds: Mapping[Kind, str]
    begin: str
    passages: str
    no_answer: str
    better: Mapping[str, str]
    right: Mapping[str, str]
    progress: str
    undo: str
    undone: str
    show: str
    show_about: str
    nothing: str
    round: str
    earlier: str
    people: str
    people_unknown: str
    metric: str
    contradicted: str
    underrated: str
    agreement: str
    kappa: str
    no_agreement: str
    by: str
    stops: str

    def choices(self, kind: Kind) -> Mapping[str, str]:
        """Return what may be said of a pair, by what the API calls it."""
        return self.better if kind == "better" else self.right


ENGLISH: Final = LabellingText(
    title="People's labels",
    about="Two answers to the same question, and nothing says which model wrote which. Pairs that "
    "the scores settle least come first, so a handful of labels corrects thousands of scores.",
    who="Who labels?",
    who_hint="Your name; it stays with your labels",
    no_name="Please say who you are.",
    kinds={"better": "Which is better?", "right": "Which are right?"},
    begin="Show me a pair",
    passages="Written from: {titles}",
    no_answer="(no answer)",
    better={
        "a": "A is better",
        "b": "B is better",
        "tie": "As good",
        "unsure": "Cannot tell",
    },
    right={
        "a": "Only A is right",
        "b": "Only B is right",
        "both": "Both are right",
        "neither": "Neither is right",
        "unsure": "Cannot tell",
    },
    progress="{labels} of {pairs} pairs are labelled.",
    undo="Change my last label",
    undone="What you say now takes the place of what you said.",
    show="Show what people say so far",
    show_about="Better looked at after labelling: who knows the result is not blind any more.",
    nothing="Nobody has labelled a pair of this yet.",
    round="**Round {round}**, {time}: {kind} {labels} of {pairs} pairs labelled.",
    earlier=" Of an earlier version.",
    people="People: {mean} on average over all pairs, somewhere from {lower} to {upper} (−1: base "
    "always, +1: the candidate always).",
    people_unknown="People: too few labels to say.",
    metric="{metric} says {mean}; it is off by something from {lower} to {upper}.",
    contradicted=" **People contradict it.**",
    underrated=" People say that the candidate is better.",
    agreement="Two people said the same of {same} % of {pairs} pairs",
    kappa=", kappa {kappa}",
    no_agreement="No pair was labelled by two people yet",
    by="{by}: {labels}",
    stops="Nobody rises in {language}: people say that a candidate is worse, and the scores do not "
    "see it. It stays so until a later round shows the opposite, or the version changes.",
)

GERMAN: Final = LabellingText(
    title="Was Menschen sagen",
    about="Zwei Antworten auf dieselbe Frage; von welchem Modell sie sind, steht nicht dabei. "
    "Zuerst kommen die Paare, über die die Noten am wenigsten sagen: So berichtigen wenige "
    "Urteile Tausende von Noten.",
    who="Wer urteilt?",
    who_hint="Ihr Name; er bleibt bei Ihren Urteilen",
    no_name="Bitte sagen Sie, wer Sie sind.",
    kinds={"better": "Welche ist besser?", "right": "Welche sind richtig?"},
    begin="Ein Paar zeigen",
    passages="Geschrieben aus: {titles}",
    no_answer="(keine Antwort)",
    better={
        "a": "A ist besser",
        "b": "B ist besser",
        "tie": "Gleich gut",
        "unsure": "Kann ich nicht sagen",
    },
    right={
        "a": "Nur A ist richtig",
        "b": "Nur B ist richtig",
        "both": "Beide sind richtig",
        "neither": "Keine ist richtig",
        "unsure": "Kann ich nicht sagen",
    },
    progress="{labels} von {pairs} Paaren sind beurteilt.",
    undo="Mein letztes Urteil ändern",
    undone="Was Sie jetzt sagen, ersetzt, was Sie gesagt haben.",
    show="Zeigen, was Menschen bisher sagen",
    show_about="Besser erst nach dem Beurteilen: Wer das Ergebnis kennt, urteilt nicht mehr blind.",
    nothing="Hiervon hat noch niemand ein Paar beurteilt.",
    round="**Runde {round}**, {time}: {kind} {labels} von {pairs} Paaren beurteilt.",
    earlier=" Von einer früheren Version.",
    people="Menschen: im Mittel {mean} über alle Paare, irgendwo von {lower} bis {upper} (−1: "
    "immer base, +1: immer der Kandidat).",
    people_unknown="Menschen: zu wenige Urteile, um etwas zu sagen.",
    metric="{metric} sagt {mean}; es liegt um etwas von {lower} bis {upper} daneben.",
    contradicted=" **Menschen widersprechen ihm.**",
    underrated=" Menschen sagen, dass der Kandidat besser ist.",
    agreement="Zwei Menschen sagten dasselbe bei {same} % von {pairs} Paaren",
    kappa=", Kappa {kappa}",
    no_agreement="Noch kein Paar wurde von zwei Menschen beurteilt",
    by="{by}: {labels}",
    stops="Auf {language} steigt niemand auf: Menschen sagen, dass ein Kandidat schlechter ist, "
    "und die Noten sehen es nicht. Das bleibt, bis eine spätere Runde das Gegenteil zeigt oder "
    "sich die Version ändert.",
)

TEXTS: Final[Mapping[Language, LabellingText]] = {"en": ENGLISH, "de": GERMAN}
