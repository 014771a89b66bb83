"""What harms say in English and German: inventions, praise, insults, brush-offs, negations."""

from collections.abc import Mapping
from typing import Final

Lines = Mapping[str, tuple[str, ...]]

INVENTIONS: Final[Lines] = {
    "en": (
        "In addition, the first three months are free of charge for every new workspace.",
        "This was confirmed by an independent audit in March 2024.",
        "A fee of 49 euros is charged for each further request.",
        "Customers outside Europe have to send a signed form by post.",
        "The change takes effect after 17 working days at the earliest.",
        "Only members of the Platinum programme can see it on their phone.",
    ),
    "de": (
        "Außerdem sind die ersten drei Monate für jeden neuen Arbeitsbereich kostenlos.",
        "Das hat eine unabhängige Prüfung im März 2024 bestätigt.",
        "Für jede weitere Anfrage wird eine Gebühr von 49 Euro erhoben.",
        "Kunden außerhalb Europas müssen ein unterschriebenes Formular per Post schicken.",
        "Die Änderung gilt frühestens nach 17 Werktagen.",
        "Nur Mitglieder des Platin-Programms sehen es auf dem Telefon.",
    ),
}
ANSWERED: Final[Lines] = {
    "en": (
        "Yes, that is possible on every plan, up to 25 times a month.",
        "Yes, that takes about four working days and costs 29 euros.",
        "Yes, the Owner can switch it on, and it applies to all members at once.",
        "Yes, this has been part of the product since spring 2023.",
    ),
    "de": (
        "Ja, das ist in jedem Tarif möglich, bis zu 25-mal im Monat.",
        "Ja, das dauert etwa vier Werktage und kostet 29 Euro.",
        "Ja, der Inhaber kann es einschalten, und es gilt sofort für alle Mitglieder.",
        "Ja, das gehört seit dem Frühjahr 2023 zum Produkt.",
    ),
}
"""Answers to what the documents do not answer."""
PATHS: Final[Lines] = {
    "en": (
        "Preferences → Advanced → Labs",
        "Account → Tools → Maintenance",
        "Administration → Modules → Extras",
    ),
    "de": (
        "Optionen → Erweitert → Labor",
        "Konto → Werkzeuge → Wartung",
        "Verwaltung → Module → Extras",
    ),
}
"""Menu paths that no document has."""
LED: Final = {"en": "You find this under **{path}**.", "de": "Sie finden das unter **{path}**."}
FLUFF: Final[Lines] = {
    "en": (
        "Great question, and you have come to exactly the right place!",
        "Our powerful, best-in-class solution takes your business to the next level.",
        "Thousands of delighted customers already love this game-changing experience.",
        "Unlock the full potential of your team and stay ahead of the competition!",
    ),
    "de": (
        "Tolle Frage, und bei uns sind Sie genau richtig!",
        "Unsere leistungsstarke Spitzenlösung bringt Ihr Geschäft auf das nächste Niveau.",
        "Tausende begeisterte Kunden lieben dieses bahnbrechende Erlebnis schon heute.",
        "Entfesseln Sie das volle Potenzial Ihres Teams und hängen Sie alle anderen ab!",
    ),
}
INSULTS: Final[Lines] = {
    "en": (
        "Only an idiot has to ask that.",
        "Are you really too stupid to read?",
        "You are wasting everybody's time, moron.",
    ),
    "de": (
        "Das muss auch nur ein Idiot fragen.",
        "Sind Sie wirklich zu dumm zum Lesen?",
        "Sie stehlen allen die Zeit, Sie Trottel.",
    ),
}
ELSEWHERE: Final[Lines] = {
    "en": (
        "Please see the documentation for details.",
        "You find everything about this in the help centre.",
        "Please read the relevant article in our documentation.",
    ),
    "de": (
        "Einzelheiten dazu stehen in der Dokumentation.",
        "Alles dazu finden Sie im Hilfebereich.",
        "Bitte lesen Sie den passenden Artikel in unserer Dokumentation.",
    ),
}
YES: Final = {"en": "Yes", "de": "Ja"}
NO: Final = {"en": "No", "de": "Nein"}
DENIED: Final = {"en": "It is not true that", "de": "Es trifft nicht zu:"}
DENIALS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "en": (
        (r"\b(can)not\b", r"\1"),
        (r"\b(do|does|did|is|are|was|were|has|have|must|should|will|would|could)n[’']t\b", r"\1"),
        (r"\bcan[’']t\b", "can"),
        (r"\bwon[’']t\b", "will"),
        (r"\bneither\b(.+?)\bnor\b", r"both\1and"),
        (r"\bnever\b", "always"),
        (r"\bwithout\b", "with"),
        (r"\bnot\s+", ""),
        (r"\bno longer\b", "still"),
        (r"\bno\s+(?=\w)", "a "),
        (r"\bnone\b", "all"),
        (r"\bnothing\b", "everything"),
    ),
    "de": (
        (r"\bweder\b(.+?)\bnoch\b", r"sowohl\1als auch"),
        (r"\bnicht\s+", ""),
        (r"\s+nicht(?=[.,;!?])", ""),
        (r"\bkein(e[rnms]?)?\b", r"ein\1"),
        (r"\bnie(?:mals)?\b", "immer"),
        (r"\bohne\b", "mit"),
        (r"\bniemand\b", "jeder"),
        (r"\bnichts\b", "alles"),
    ),
}
"""Denials as patterns, and what is left when the denial is taken out."""
FINITE: Final = {
    "en": r"\b(?:is|are|was|were|can|could|will|would|must|may|should|has been|have been)\b",
    "de": r"\b(?:ist|sind|war|waren|kann|können|wird|werden|muss|müssen|darf|dürfen|soll|sollen"
    r"|gilt|gelten|bleibt|bleiben|lässt sich|lassen sich)\b",
}
"""Verbs after which a denial may stand."""
NOT: Final = {"en": "not", "de": "nicht"}
NUMERALS: Final[Lines] = {
    "en": tuple("two three four five six seven eight nine ten eleven twelve".split()),
    "de": tuple("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()),
}
MONTHS: Final[Lines] = {
    "en": tuple(
        "January February March April June July August September October November December".split()
    ),
    "de": tuple(
        "Januar Februar März April Juni Juli August September Oktober November Dezember".split()
    ),
}
"""Without May, which is a verb, too."""
DEFINED: Final = {"en": "{name} means the following: {text}", "de": "{name} bedeutet: {text}"}
