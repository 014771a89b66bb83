"""Two harms that are never trained on: a word's opposite, and an invented addition."""

import re
from random import Random
from typing import Final

from training.checker.edits import Edit, replaced

OPPOSITES: Final = {
    "en": (
        "always never; before after; more fewer; more less; larger smaller; high low; "
        "higher lower; "
        "first last; earlier later; public private; allow prevent; allows prevents; "
        "allowed forbidden; "
        "include exclude; includes excludes; enable disable; enables disables; enabled disabled; "
        "start stop; starts stops; open close; inside outside; above below; old new; older newer; "
        "fast slow; faster slower; internal external; same different; simple complex; strong weak; "
        "positive negative; minimum maximum; required optional; send receive; sends receives; "
        "add remove; adds removes; increase decrease; increases decreases; visible hidden; "
        "true false; manually automatically; manual automatic; with without; left right; "
        "long short; "
        "full empty; accept reject; accepts rejects; temporary permanent; easy hard; "
        "easier harder; "
        "cheap expensive; many few; online offline; show hide; shows hides; upload download; "
        "buy sell; win lose; won lost; up down; north south; northern southern; east west; "
        "largest smallest"
    ),
    "de": (
        "immer nie; vor nach; mehr weniger; größer kleiner; große kleine; großen kleinen; "
        "hohe niedrige; "
        "hoher niedriger; höher niedriger; höhere niedrigere; ersten letzten; erste letzte; "
        "früher später; "
        "öffentliche private; öffentlichen privaten; ermöglicht verhindert; "
        "ermöglichen verhindern; "
        "aktivieren deaktivieren; aktiviert deaktiviert; innerhalb außerhalb; alte neue; "
        "alten neuen; "
        "schnell langsam; schneller langsamer; interne externe; internen externen; gleiche andere; "
        "gleichen anderen; einfach schwierig; einfache komplizierte; positive negative; "
        "maximal minimal; "
        "erforderlich freiwillig; senden empfangen; sendet empfängt; hinzufügen entfernen; "
        "erhöhen verringern; erhöht verringert; sichtbar verborgen; manuell automatisch; mit ohne; "
        "linken rechten; lange kurze; langen kurzen; viele wenige; vielen wenigen; "
        "öffnen schließen; "
        "anzeigen ausblenden; vorübergehend dauerhaft; nördlich südlich; östlich westlich; "
        "gewann verlor; "
        "besser schlechter; teuer billig; ein aus"
    ),
}
ADDITIONS: Final = {
    "en": (
        ", which costs an extra fee per month",
        " and must be renewed every two years",
        ", although this will be discontinued soon",
        ", but only for members in Canada",
        " and was developed by a small company in Oslo",
        ", as the supervisory board decided in 2017",
        " and is covered by a lifetime guarantee",
        ", mostly at night to save energy",
        ", provided that a lawyer has signed",
        " and has won several awards for it",
    ),
    "de": (
        ", was monatlich eine zusätzliche Gebühr kostet",
        " und muss alle zwei Jahre erneuert werden",
        ", obwohl das bald eingestellt wird",
        ", aber nur für Mitglieder in Kanada",
        " und wurde von einer kleinen Firma in Oslo entwickelt",
        ", wie der Aufsichtsrat 2017 beschlossen hat",
        " und ist durch eine lebenslange Garantie gedeckt",
        ", meist nachts, um Strom zu sparen",
        ", sofern ein Anwalt unterschrieben hat",
        " und hat dafür mehrere Preise gewonnen",
    ),
}


def opposite(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Put a word's opposite in its place."""
    del passage
    choices: list[Edit] = []
    for pair in OPPOSITES[language].split("; "):
        for old, new in (pair.split(), pair.split()[::-1]):
            choices += [
                replaced(text, *found.span(), new) for found in re.finditer(rf"\b{old}\b", text)
            ]
    return random.choice(choices) if choices else None


def invention(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Add something that is not in the passage to the end of a sentence."""
    del passage
    if not text.endswith("."):
        return None
    added = random.choice(ADDITIONS[language])
    return Edit(text[:-1] + added + ".", ((len(text) - 1, len(text) - 1 + len(added)),))
