"""Word lists by language that edits and rewordings draw on."""

from typing import Final

FUNCTION: Final = {
    "en": frozenset(
        """
        a about after all also an and any are as at be because been before being between both but by
        can could did do does during each for from had has have he her here his how however i if in
        into is it its just may might more most must no nor not of on once only or other our out
        over
        own per she should so some such than that the their them then there these they this those
        through to under until up upon us use used uses using very was we were what when where
        whether
        which while who whom whose why will with within without would you your yours
        """.split()
    ),
    "de": frozenset(
        """
        aber alle allen aller alles als also am an auch auf aus bei beim bis da damit dann darf
        das dass
        dem den der des dessen deren die dies diese diesem diesen dieser dieses doch dort du durch
        ein
        eine einem einen einer eines er es für gegen hat haben hatte ich ihm ihn ihr ihre ihrem
        ihren
        ihrer im in ins ist jede jedem jeden jeder jedes kann können man mehr mit muss müssen nach
        nicht
        noch nur ob oder ohne sehr seit sein seine seinem seinen seiner sich sie sind so sobald
        sofern
        soll sollte sollten sowie um und uns unser unter vom von vor war waren was welche welcher
        welches
        wenn wer werden wie wir wird wo wurde wurden während zu zum zur zwischen über
        """.split()
    ),
}
MONTHS: Final = {
    "en": "January February April June July August September October November December".split(),
    "de": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
    ),
}
DAYS: Final = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split(),
}
COUNTS: Final = {
    "en": "two three four five six seven eight nine ten eleven twelve".split(),
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(),
}
ORDINALS: Final = {
    "en": "first second third fourth fifth".split(),
    "de": "erste zweite dritte vierte fünfte".split(),
}
UNITS: Final = {
    "en": (
        "second minute hour day week month year",
        "seconds minutes hours days weeks months years",
        "KB MB GB TB",
        "million billion",
        "daily weekly monthly yearly",
        "bits bytes kilobytes megabytes gigabytes",
    ),
    "de": (
        "Sekunde Minute Stunde Woche",
        "Sekunden Minuten Stunden Wochen",
        "Tage Monate Jahre",
        "Tagen Monaten Jahren",
        "KB MB GB TB",
        "Millionen Milliarden",
        "täglich wöchentlich monatlich jährlich",
        "Bit Byte Kilobyte Megabyte Gigabyte",
    ),
}
AUXILIARIES: Final = {
    "en": "is are was were can will should must may could would has have had".split(),
    "de": """
        ist sind war waren wird werden wurde wurden kann können konnte muss müssen darf dürfen soll
        sollen sollte sollten hat haben hatte hatten
        """.split(),
}
VERBS: Final = {
    "en": """
        adds affects allows appears applies asks assigns automatically belongs changes checks
        collects
        comes contains controls counts covers creates defines deletes depends describes determines
        displays enables ends explains exports expires fails filters finds generates gets gives
        handles
        happens helps holds identifies ignores imports includes indicates informs keeps lets lists
        loads
        looks makes manages matches means measures moves needs offers opens operates pays performs
        posts
        prevents processes protects provides reads receives records reduces refers removes replaces
        reports represents requires returns runs saves selects sends sets shares shows specifies
        starts
        stays stops stores supports takes tells tracks turns updates uses wants works
        """.split(),
    "de": """
        benötigt beschreibt besteht bietet bleibt braucht definiert dient enthält entspricht
        erfordert
        ergibt erhält erhöht ermöglicht erscheint erstellt fügt führt gehört gibt gilt heißt hilft
        informiert kommt kostet liefert löscht macht öffnet prüft sendet sorgt speichert stehen
        steht
        stellt startet überprüft umfasst unterstützt verarbeitet verfügt verhindert verwaltet
        verwendet
        wählt zahlt zählt zeigt
        """.split(),
}
IMPERATIVES: Final = frozenset(
    """
    Add Allow Ask Assign Back Call Change Check Choose Clear Click Close Compare Configure Confirm
    Connect Contact Copy Create Define Delete Deselect Disable Download Drag Edit Enable Ensure
    Enter
    Export Fill Find Follow Give Go Hover Import Include Insert Install Keep Launch Log Make Modify
    Move Name Navigate Note Open Paste Pick Plan Press Provide Publish Remember Remove Rename Repeat
    Replace Restart Review Right-click Run Save Scroll Search See Select Send Set Share Sign Specify
    Start Stop Store Submit Switch Tap Test Try Turn Type Unzip Update Upgrade Upload Use Verify
    View
    Visit Wait Write
    """.split()
)
PREFIXES: Final = (
    "ab an auf aus durch ein fest her hin hinzu nach um vor weg weiter zu zurück".split()
)
"""Of German verbs that come apart."""
SYNONYMS: Final = {
    "en": (
        ("select", "choose"), ("choose", "pick"), ("click", "press"), ("use", "employ"),
        ("allows you to", "lets you"), ("enables you to", "lets you"), ("in order to", "to"),
        ("make sure", "ensure"), ("ensure", "make sure"), ("such as", "for example"),
        ("however", "but"), ("contains", "includes"), ("displays", "shows"), ("shows", "displays"),
        ("display", "show"), ("create", "make"), ("creates", "makes"), ("several", "a number of"),
        ("multiple", "several"), ("obtain", "get"), ("receive", "get"), ("receives", "gets"),
        ("require", "need"), ("requires", "needs"), ("provide", "give"), ("provides", "offers"),
        ("prior to", "before"), ("additional", "further"), ("via", "through"),
        ("due to", "because of"),
        ("currently", "at the moment"), ("must", "have to"), ("must", "need to"),
        ("have to", "must"),
        ("you need to", "you have to"), ("approximately", "about"), ("information", "details"),
        ("modify", "change"), ("change", "modify"), ("delete", "remove"), ("remove", "delete"),
        ("purchase", "buy"), ("begin", "start"), ("starts", "begins"), ("help", "assist"),
        ("helps", "assists"), ("often", "frequently"), ("usually", "normally"),
        ("also", "in addition"),
        ("specify", "state"), ("following", "next"), ("within", "inside"), ("issue", "problem"),
        ("refers to", "means"), ("we recommend", "it is recommended"), ("if", "in case"),
    ),
    "de": (
        ("auswählen", "wählen"), ("verwenden", "nutzen"), ("verwendet", "genutzt"),
        ("nutzen", "verwenden"),
        ("ermöglicht", "erlaubt"), ("ermöglichen", "erlauben"), ("beispielsweise", "zum Beispiel"),
        ("z. B.", "zum Beispiel"), ("zum Beispiel", "etwa"), ("jedoch", "aber"),
        ("anzeigen", "zeigen"),
        ("enthält", "umfasst"), ("erstellen", "anlegen"), ("erstellt", "angelegt"),
        ("mehrere", "verschiedene"),
        ("benötigen", "brauchen"), ("benötigt", "braucht"), ("bietet", "liefert"),
        ("zusätzliche", "weitere"),
        ("aufgrund", "wegen"), ("derzeit", "zurzeit"), ("momentan", "derzeit"),
        ("ungefähr", "etwa"),
        ("Informationen", "Angaben"), ("ändern", "anpassen"), ("entfernen", "löschen"),
        ("löschen", "entfernen"),
        ("beginnt", "startet"), ("startet", "beginnt"), ("häufig", "oft"), ("oft", "häufig"),
        ("normalerweise", "in der Regel"), ("außerdem", "zudem"), ("auch", "ebenfalls"),
        ("lediglich", "nur"),
        ("sowie", "und"), ("Problem", "Schwierigkeit"), ("innerhalb von", "binnen"),
        ("bezeichnet", "meint"),
        ("falls", "wenn"), ("wenn", "falls"), ("sobald", "wenn"), ("erhalten", "bekommen"),
        ("erforderlich", "nötig"), ("notwendig", "nötig"), ("Anwendung", "App"),
        ("Sie müssen", "Man muss"),
        ("Sie können", "Man kann"), ("insbesondere", "vor allem"), ("bzw.", "oder"),
    ),
}  # fmt: skip
LEADS: Final = {
    "en": (
        "Yes, ", "In short, ", "According to the documentation, ", "Please note that ",
        "As described, ",
        "In other words, ", "Basically, ", "To answer your question: ", "Sure: ",
    ),
    "de": (
        "Ja: ", "Kurz gesagt: ", "Laut Dokumentation gilt: ", "Bitte beachten Sie: ",
        "Wie beschrieben: ",
        "Anders gesagt: ", "Zu Ihrer Frage: ", "Gern: ", "Hinweis: ",
    ),
}  # fmt: skip
