"""The words that scorers know something about, in English and German; case folded, ß is ss."""

from typing import Final

from guardrails.text.figures import DATA
from guardrails.text.function_words import QUESTION_WORDS, STOP_WORDS

NEGATIONS: Final = frozenset(
    """
    not no never none nobody nothing neither nor without cannot unable
    hardly scarcely barely
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne
    kaum keinesfalls keineswegs mitnichten
    """.casefold().split()
)
ONLY: Final = frozenset({"only", "just", "nur", "bloss"})
TURNS: Final = frozenset({"but", "sondern", "aber", "jedoch", "however", "and", "und"})
MODALS: Final = frozenset(
    """
    can could may might possible kann kannst können könnt könnte könnten darf dürfen möglich
    """.casefold().split()
)
CARRIERS: Final = frozenset(
    """
    able according also answer based below called case click contact find first following
    follow follows get go help here however information like make means need please provide
    provided question refer regarding see simply sure thing use used using want way well yes you
    it its us our he she we they them his him i me my one two also both each if so then to of in on
    at by as an a is be or do does there hence thus therefore overall additionally furthermore
    moreover
    example instance typically generally usually passage passages document documents context text
    laut gemäß bitte folgende folgenden folgendes hier hilfe informationen siehe sehen finden
    findet antwort frage nutzen benutzen verwenden verwendet einfach sie es er wir man um
    zu im am an in ab so da ja gerne außerdem zudem beispiel beispielsweise normalerweise meist
    ebenfalls per dies dieses etwas text passage dokument jeweils muss müssen
    müsste wollen möchte machen macht
    """.casefold().split()
)
"""Words of any answer: they say little, and say it of nothing."""
COMMON: Final = frozenset(
    """
    about above across actually add address affect again against ago almost along already although
    always among amount another anyone anything around ask aspect available aware away become
    because before began begin being best better between beyond big bring broad called care
    carefully certain certainly change choose come common commonly complete completely conclude
    concept consider considered contain contribute crucial current currently depend depending
    describe despite determine different directly discuss done due during each early easily
    effective either else emphasize enough ensure especially essential even ever every exactly
    explain express few final form full further general give given good great happen hence high
    highlight idea identify impact important include included includes including indicate
    individual infer instead involve issue keep key kind know known large last later lead leading
    least less let level like likely little long look lot main major many matter maybe might
    mention mentioned moment much multiple must near necessary never new next notable note now
    number occur offer often old once others otherwise overall own part particular particularly
    people perhaps person place plan play point popular possibly pro potential potentially primary
    proper put quickly quite rather reason reasons receive recommend recommended relate related
    remain require result results right role same say second seem serve set several show significant
    significantly similar since small something sometimes specific specifically start state still
    strong such suggest take tend therefore though through throughout time times together total
    toward towards try turn type types under understand unique until upon usual variety various
    very via visit vital while whole wide within work world would yet
    allerdings allgemein andere anderen anderer anderes anfang art aspekt aufgrund außer bedeutet
    beginnen beide bereits besonders besser beste bestimmte bestimmten bezeichnet bietet bleiben
    bringen dadurch dafür danach dann daraus darüber denen denn deren dessen deutlich dort durch
    eben eigene eigenen einige einigen enthalten enthält entsprechend erhalten ermöglicht ersten
    etwa falls fast folgt form führen führt ganz geben gegen gehen gehört genau gerade gesamten
    gibt gleich gleichen groß große großen gut gute häufig handelt hier hoch immer indem innerhalb
    insbesondere je jede jeden jeder jedes jedoch jetzt kleine kommen kommt kurz lang lange lassen
    letzte liegt manchmal mehrere mehreren meisten menschen mittels mögliche neue
    neuen oft ohne person sagen schnell schon sehr sein seine seinen seit sicher soll sollte sollten
    sogar somit stark statt stellt stets teil trotz tun typisch unter verschiedene verschiedenen
    viel viele vielen vollständig während wegen weil weise weitere weiteren weiterhin welche welcher
    weniger wenig werden wichtig wichtige wichtigen wobei wollen wurden zeigen zeigt zeit zudem
    zuerst zwischen
    """.casefold().split()
)
"""Words of any text: they say little, but may be checked."""
OPPOSITES: Final = {
    "en": """
        possible/impossible allow/forbid allow/prohibit allowed/forbidden allow/disallow permit/deny
        enable/disable activate/deactivate open/close include/exclude accept/reject accept/refuse
        accept/decline valid/invalid available/unavailable increase/decrease increase/reduce
        raise/lower minimum/maximum least/most more/less more/fewer before/after required/optional
        mandatory/optional lock/unlock encrypt/decrypt encode/decode high/low higher/lower
        early/late earlier/later
        above/below always/never succeed/fail visible/hidden legal/illegal
        mutable/immutable reversible/irreversible secure/insecure safe/unsafe trusted/untrusted
        synchronous/asynchronous inside/outside true/false start/end upload/download known/unknown
        supported/unsupported limited/unlimited connect/disconnect strong/weak free/paid
    """,
    "de": """
        möglich/unmöglich erlaubt/verboten erlauben/verbieten aktivieren/deaktivieren
        öffnen/schließen geöffnet/geschlossen einschließen/ausschließen annehmen/ablehnen
        gültig/ungültig erhöhen/senken erhöhen/verringern erhöhen/reduzieren mindestens/höchstens
        minimal/maximal mehr/weniger vorher/nachher erforderlich/optional sperren/entsperren
        gesperrt/entsperrt verschlüsseln/entschlüsseln hoch/niedrig früh/spät früher/später
        immer/nie sichtbar/verborgen veränderbar/unveränderbar sicher/unsicher
        synchron/asynchron wahr/falsch bekannt/unbekannt kostenlos/kostenpflichtig
        begrenzt/unbegrenzt stark/schwach innerhalb/außerhalb öffentlich/privat
        verfügbar/unverfügbar vollständig/unvollständig steigen/sinken oberhalb/unterhalb
    """,
}

LISTS: Final = repr(
    (
        DATA,
        *map(sorted, (STOP_WORDS, MODALS, NEGATIONS, ONLY, TURNS, CARRIERS, COMMON)),
        sorted(QUESTION_WORDS.items()),
        sorted(OPPOSITES.items()),
    )
)
"""All of it as one text: part of the version of every scorer that reads with it."""
