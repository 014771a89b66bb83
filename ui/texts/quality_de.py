"""The quality page in German."""

from typing import Final

from ui.texts.quality import DraftsText, QualityText

GERMAN: Final = QualityText(
    language="de",
    title="Qualität",
    about="Welches angepasste Modell welche Art von Fragen beantworten darf, und worauf das "
    "beruht.",
    refresh="Aktualisieren",
    updated="Stand {time}. Erneuert sich von selbst.",
    stale="Das sind die Werte von {time}; neuere konnten nicht gelesen werden.",
    needs_key="Diese Seite braucht einen API-Schlüssel mit der Rolle agent, editor oder owner: "
    "Transferkarte, Entscheidungen und Festlegungen sieht nur, wer einen hat. Starten Sie die "
    "Seite mit ROUTEBACK_API_KEY, gesetzt auf einen (`routeback keys add`); lokal tut "
    "`routeback up` das von selbst.",
    connection="Der Schutz konnte nicht gelesen werden.",
    serves="beantwortet {where}",
    tries="wird an einem Teil erprobt: {where}",
    back="wurde am {day} zurückgenommen ({where}{strength}), weil {why}",
    backs="wurde bei {count} Arten von Fragen zurückgenommen, zuletzt am {day} "
    "({where}{strength}), weil {why}",
    unseen="wird bisher nur ungesehen verglichen; alle Fragen beantwortet base",
    nothing="ist noch nicht mit base verglichen; alle Fragen beantwortet base",
    joint="; es ",
    at_strength=" mit Stärke {strength}",
    at_full_strength=" mit voller Stärke",
    many="{count} von {all} Arten von Fragen",
    in_language="Fragen zu {kinds} auf {language}",
    every="alle Fragen",
    because={
        "candidate": "seine Antworten im Mittel um {drop} schlechter bewertet wurden als die von "
        "base",
        "lost": "die Belege sagen, dass seine Antworten schlechter sind als die von base",
        "parent": "es über mehrere Arten von Fragen zusammen schlechter war",
        "person": "{by} es so entschieden hat",
    },
    beside={
        "catastrophe": "zu viele seiner Antworten viel schlechter waren als die von base",
        "failures": "mehr seiner Antworten scheiterten als die von base",
        "time": "seine Antworten zu viel länger dauerten als die von base",
        "tokens": "seine Antworten zu viel länger waren als die von base",
    },
    conjunction="und",
    quote="die Worte des Dokuments",
    quote_about="**Die Worte des Dokuments** liest man, wo ein Eintrag zitiert wird. Kein Modell "
    "macht sie, keine Frage wird an sie geleitet; sie werden nur mit dem verglichen, was base "
    "schreibt: {found}.",
    quote_found={
        "better": "besser bei {where}",
        "equal": "nicht schlechter bei {where}",
        "worse": "schlechter bei {where}",
        "unproven": "noch nicht gezeigt bei {where}",
    },
    quote_open="noch ist nichts verglichen",
    quote_unproven="noch kein Unterschied gezeigt",
    quote_stage="nur verglichen",
    told_quote={
        "better": "Sie werden **besser** bewertet als das, was base schreibt: im Mittel {mean}, "
        "irgendwo zwischen {lower} und {upper}.",
        "equal": "Sie sind **nachweislich nicht schlechter** als das, was base schreibt: im Mittel "
        "{mean}, irgendwo zwischen {lower} und {upper}. Ein Verlust von mehr als {tolerance} ist "
        "ausgeschlossen.",
        "worse": "Sie werden **schlechter** bewertet als das, was base schreibt: im Mittel {mean}, "
        "irgendwo zwischen {lower} und {upper}.",
        "unproven": "**Was besser ist, ist noch nicht gezeigt**: im Mittel {mean}, es kann aber "
        "alles zwischen {lower} und {upper} sein. Ein Verlust bis {tolerance} würde hingenommen.",
    },
    told_quote_nothing="Noch kein Zitat wurde hier mit einer Antwort von base verglichen.",
    told_quote_stage="Das allein entscheidet nichts: wo sie gezeigt werden, sagt die Einstellung "
    "answers.quote, und wen Sie schreiben lassen.",
    quote_evidence_about="Ist der Balken voll, sind sie nachweislich um mehr schlechter, als "
    "hingenommen wird. Belege wachsen durch Multiplikation, der Balken ist daher logarithmisch. "
    "Er ist anfangs halb voll: ein Vorsprung, durch den Schaden früher auffällt.",
    writes="**{arm}** schreibt bei {where}, wo ein Eintrag zitiert werden könnte: {by} hat es am "
    "{day} erlaubt. Seither {mean} gegen die Worte des Dokuments, zwischen {lower} und {upper}, "
    "{pairs}.",
    writes_forced=" Erlaubt wurde es ohne Belege: {why}",
    suggested="**{arm}** schreibt bei {where} besser als das Dokument: im Mittel {mean}, irgendwo "
    "zwischen {lower} und {upper}, {pairs}. Schreiben lassen:",
    may_write="**{arm}** schreibt bei {where} nachweislich um nicht mehr als {tolerance} "
    "schlechter als das Dokument und wird im Mittel besser bewertet: {mean}, zwischen {lower} und "
    "{upper}, {pairs}. Sie können es schreiben lassen:",
    not_shown="**{arm}** gegen die Worte des Dokuments: {mean}, zwischen {lower} und {upper}, "
    "{pairs}. Es darf nicht schreiben, weil noch nichts zeigt, dass es besser ist.",
    voices={"quoted": "zitiert", "writing": "schreibt"},
    alarms={
        "blind": "Der Schutz kann nicht sehen",
        "breaker": "Seine Aufrufe schlagen fehl",
        "measure/en": "Auf Englisch steigt kein Kandidat auf",
        "measure/de": "Auf Deutsch steigt kein Kandidat auf",
        "frozen": "Aufstiege sind eingefroren",
        "night": "Die Eval-Nacht ist nicht bestanden",
        "overdue": "Die Eval-Nacht ist überfällig",
    },
    alarm="{what}: {arm}, seit {time}",
    no_alarm="Es gibt keinen Alarm.",
    breaker="{arm}: {failures} der letzten {calls} Aufrufe schlugen fehl. Bis es wieder geht, "
    "antwortet base.",
    unscored_share="{arm}: {share} % der letzten {pairs} Paare haben keine Bewertung.",
    waiting="Paare, die auf den Vergleich warten: {count}.",
    gone="{arm} steht nicht mehr in den Einstellungen; was davon zu sehen ist, ist Geschichte.",
    map="Transferkarte",
    map_about="Mittlerer Unterschied zu base, sein Intervall, verglichene Paare. Wählen Sie eine "
    "Zelle, um zu sehen, worauf sie beruht.",
    segment="Art der Frage",
    above="Zusammengenommen",
    above_about="Hier zählen die Paare der Arten darüber gemeinsam. Wird es schlechter, antwortet "
    "base dort, wo es wenige eigene Paare gibt, bis diese gesprochen haben.",
    whole="Alle Fragen",
    languages={"en": "Englisch", "de": "Deutsch"},
    verdicts={
        "better": "besser",
        "equal": "nachweislich harmlos",
        "worse": "schlechter",
        "unproven": "bisher kein Schaden gezeigt",
    },
    no_pair="noch nicht verglichen",
    not_tried="–",
    stages={
        "shadow": "ungesehen",
        "canary": "in Erprobung",
        "serving": "antwortet",
        "routed_back": "zurückgenommen",
    },
    gathers="zusammen",
    in_cell="{arm}, {segment}:",
    pairs="{count} Paare",
    pair="1 Paar",
    pinned="festgelegt",
    legend={
        "better": "nicht schlechter, und über base",
        "equal": "um nicht mehr als {tolerance} schlechter",
        "worse": "nachweislich unter base",
        "unproven": "die Paare sagen es nicht; nicht dasselbe wie harmlos",
    },
    told={
        "better": "Seine Antworten werden **besser** bewertet als die von base: im Mittel "
        "{mean}, irgendwo zwischen {lower} und {upper}.",
        "equal": "Es ist **nachweislich harmlos**: im Mittel {mean}, irgendwo zwischen {lower} und "
        "{upper}. Ein Verlust von mehr als {tolerance} ist ausgeschlossen.",
        "worse": "Seine Antworten werden **schlechter** bewertet als die von base: im Mittel "
        "{mean}, irgendwo zwischen {lower} und {upper}.",
        "unproven": "**Weder ein Schaden noch die Harmlosigkeit ist bisher gezeigt**: im Mittel "
        "{mean}, es kann aber alles zwischen {lower} und {upper} sein. Ein Verlust bis {tolerance} "
        "würde hingenommen.",
    },
    told_nothing="Noch keine Frage wurde hier von beiden Modellen beantwortet. Man weiß nichts, "
    "also antwortet base.",
    told_stage={
        "shadow": "Es antwortet base. Dieses Modell wird nur ungesehen verglichen.",
        "canary": "Dieses Modell beantwortet einen Teil der Gespräche, base den Rest.",
        "serving": "Dieses Modell antwortet.",
        "routed_back": "Es antwortet wieder base.",
    },
    told_gathers="Es hat keinen eigenen Stand: hier zählen die Paare der Arten darunter gemeinsam.",
    difference="Unterschied zu base ({metric})",
    drawing="Mittlerer Unterschied {mean}, Intervall von {lower} bis {upper}; 0 ist so gut wie "
    "base, {tolerance} wird hingenommen.",
    worse_side="schlechter",
    better_side="besser",
    tolerated="hingenommen",
    stage="Stand",
    since="Seit",
    until="Nicht vor",
    pin_by="Festgelegt von",
    compared="Verglichene Paare",
    fresh="Seit diesem Stand",
    unscored="Ohne Bewertung",
    route_backs="Bisher zurückgenommen",
    as_decided="Der Unterschied ist der, auf dem die Entscheidung {decision} beruhte.",
    as_decided_fresh="Paare seither: {fresh}; für sich sagen sie noch nichts.",
    evidence="Belege, dass es schlechter ist",
    evidence_of="{metric}: {evidence} von {threshold}",
    evidence_about="Ist der Balken voll, antwortet sofort wieder base. Belege wachsen durch "
    "Multiplikation, der Balken ist daher logarithmisch. "
    "Er ist anfangs halb voll: ein Vorsprung, durch den Schaden früher auffällt.",
    proof="Nachweis, dass es nicht schlechter ist als hingenommen",
    metrics={
        "catastrophe": "viel schlechtere Antworten",
        "failures": "gescheiterte Antworten",
        "time": "Zeit bis zur Antwort",
        "tokens": "Länge in Token",
    },
    is_held="angehalten",
    below_back="{back} von {count} zurückgenommen",
    is_held_in="ist angehalten bei {where}; dort antwortet base, bis die eigenen Paare gesprochen "
    "haben",
    told_held="Dieses Modell würde antworten; vorläufig antwortet base.",
    held="**Angehalten.** {where} ist insgesamt schlechter geworden. Hier antwortet base, bis die "
    "eigenen Paare gesprochen haben; das ist kein Urteil.",
    promise="Den Lesern versprochen: Ein Modell, das um mehr als die hingenommenen {tolerated} "
    "Punkte schlechter ist, antwortet hier höchstens mit einer Wahrscheinlichkeit von {chance} %; "
    "eines, das um {worse} Punkte schlechter ist, gibt etwa {answers} Antworten, bis es "
    "zurückgenommen wird.",
    promise_endless="Den Lesern versprochen: Ein Modell, das um mehr als die hingenommenen "
    "{tolerated} Punkte schlechter ist, antwortet hier höchstens mit einer Wahrscheinlichkeit von "
    "{chance} %. Eines, das um {worse} Punkte schlechter ist, nehmen Paare nicht zurück.",
    curve="Wie viel davon tut hier gut?",
    curve_about="Unterschied zu base bei jeder Stärke, mit Intervall. Bei 0 ist es base selbst.",
    curve_strength="Stärke",
    curve_difference="Unterschied zu base",
    decisions="Entscheidungen",
    no_decision="Hier ist noch nichts entschieden worden.",
    no_decision_above="Entschieden wird in den Arten darunter.",
    by_guard="der Schutz",
    causes={
        "candidate": "Die verglichenen Antworten sagten es.",
        "parent": "Es war über mehrere Arten von Fragen zusammen schlechter.",
        "wait": "Die Wartezeit ist um; es wird neu verglichen.",
        "version": "Ein Teil hat sich geändert, ältere Paare zählen nicht mehr.",
        "blind": "Zu viele Paare hatten keine Bewertung, der Schutz konnte nicht sehen.",
        "person": "Ein Mensch hat entschieden.",
        "night": "Eine Messung bei Nacht fand es schlechter.",
        "stage": "Es antwortet dort nicht mehr.",
        "held": "Eine größere Art von Fragen wurde schlechter; base antwortet, bis die eigenen "
        "Paare gesprochen haben.",
        "released": "Die eigenen Paare haben gesprochen; es antwortet wieder.",
        "ratio": "Bewertungen fehlten auf einer Seite, und nicht zufällig.",
    },
    recorded="Im Protokoll: {reason}",
    replay="Nachrechnen",
    same="Dasselbe, Byte für Byte.",
    other="**Nicht dasselbe.** Die gespeicherten Paare oder das Protokoll wurden verändert:",
    pin="Festlegen oder freigeben",
    pin_about="Ein festgelegter Stand bewegt sich nicht, was die Paare auch sagen, bis ihn jemand "
    "freigibt. Wer und warum kommen ins Protokoll.",
    unpin="freigeben: zurück zu „ungesehen“, die Paare entscheiden wieder",
    hold="Was soll gelten?",
    who="Wer sind Sie?",
    who_hint="Name",
    why="Warum?",
    why_hint="Für die, die später nachlesen",
    go_on="Weiter",
    missing="Bitte sagen Sie, wer Sie sind und warum.",
    confirm_pin="**{arm}** in **{segment}** auf **{stage}** festlegen?",
    confirm_unpin="**{arm}** in **{segment}** freigeben?",
    confirm_effect={
        "shadow": "Diese Fragen beantwortet base; das Modell wird nur ungesehen verglichen.",
        "canary": "Ein Teil der Gespräche bekommt die Antworten dieses Modells, auch wenn es sich "
        "als schlechter erweist.",
        "serving": "Die Menschen bekommen die Antworten dieses Modells, auch wenn es sich als "
        "schlechter erweist.",
        "routed_back": "Diese Fragen beantwortet base, auch wenn sich das Modell als besser "
        "erweist.",
    },
    in_name="{by}: {why}",
    confirm="Ja, so ins Protokoll",
    back_to_form="Zurück",
    done="Erledigt. Im Protokoll steht es als Entscheidung {decision}.",
    monthly="Zu erwartende falsche Rücknahmen im Monat, über alle Modelle und Arten: "
    "**höchstens {count}**.",
    budget="Nach den Einstellungen: höchstens {chance} % Wahrscheinlichkeit einer falschen "
    "Rücknahme je Modell und Art von Fragen in {horizon} bewerteten Paaren, bei einem "
    "hingenommenen Verlust von {tolerance}.",
    measure="Was dieser Schutz bemerken würde",
    measure_about="Absichtlich beschädigte richtige Antworten, {time}, an {origin}. Bemerkt ist "
    "ein Schaden, wenn Modelle, die ihn anrichten, auf jeder Grundlage und bei jedem Anteil, der "
    "zählt, zurückgestuft werden.",
    measure_none="Das Maß wurde nicht mit absichtlichen Schäden angegriffen; niemand weiß also, "
    "was es bemerkt: `routeback guard attack`.",
    measure_language="**{language}**: {count} von {all} Schäden werden bemerkt.",
    measure_found={
        "missed": "Nicht bemerkt: {found}.",
        "undecided": "Nicht überall zurückgestuft, nirgends befördert: {found}.",
        "not measured": "Nicht gemessen, weil es zu wenige Fälle gibt: {found}.",
    },
    measure_punished="Zurückgestuft, obwohl besser: {found}.",
    measure_rises="Kandidaten können hier aufsteigen.",
    measure_stays="Kein Kandidat steigt hier auf, bis das Maß es bemerkt oder ein Mensch ihn "
    "festhält.",
    changes={
        "wrong-number": "falsche Zahlen",
        "wrong-name": "vertauschte Namen",
        "negated": "ein verneinter erster Satz",
        "yes-no": "Ja und Nein vertauscht",
        "other-fact": "eine andere Angabe der Textstelle",
        "invented-addition": "Erfindungen nach der Antwort",
        "invented-path": "erfundene Menüpfade",
        "other-answer": "Antworten auf eine andere Frage",
        "unrelated-quote": "Zitate, die nicht antworten",
        "neighbour-definition": "die Definition des Nachbarn",
        "half-facts": "halbe Antworten",
        "cut": "mitten im Satz abgebrochene Antworten",
        "word-salad": "Wortsalat",
        "failing": "gescheiterte Aufrufe",
        "slow": "langsame Antworten",
        "dear": "Antworten aus vielen Token",
        "night": "ein Modell, das nachts schlecht ist",
        "catastrophe": "seltene Katastrophen",
        "repeated": "dieselbe Frage immer wieder",
        "bad-siblings": "schlechte Geschwister eines Unschuldigen",
        "padding": "Füllsätze",
        "whole-page": "eine ganze eingefügte Seite",
        "other-language": "eine andere Sprache",
        "fluff": "Werbesprache",
        "insult": "Beleidigungen",
        "abstains": "Schweigen, wo es eine Antwort gibt",
        "see-documentation": "„siehe Dokumentation“",
        "answers-unanswerable": "Antworten, wo es keine gibt",
        "one-right": "eine richtige Antwort unter Wortsalat",
        "all-negated": "durchgehend verneinte Antworten",
        "human-over-copied": "eigene Worte von Menschen",
        "quoted-over-wrong": "der Eintrag, der antwortet",
        "concise-over-padded": "Antworten ohne Füllsätze",
        "yes-no-over-none": "ein ausdrückliches Ja oder Nein",
        "abstention-over-invention": "richtige Enthaltungen",
    },
    drafts=DraftsText(
        title="Was aus Entwürfen wird",
        about="Entwürfe von Antworten auf Anfragen, danach, wer sie schrieb. Verwendet sind die, "
        "die unverändert oder bearbeitet gesendet wurden, von allen, deren Anfrage vorbei ist. "
        "Die Ähnlichkeit ist die des Gesendeten, von 0 bis 1. Keine Stufe ändert sich dadurch: "
        "Das Team wählt, was entworfen wird und wie sorgfältig es liest.",
        none="Noch niemand hat um einen Entwurf gebeten.",
        arm="Wer schrieb",
        segment="Art",
        as_is="Unverändert",
        edited="Bearbeitet",
        rewritten="Neu geschrieben",
        discarded="Nicht verwendet",
        waiting="Offen",
        used="Verwendet",
        facts="Angaben geändert",
        similarity="Ähnlichkeit",
        share="{value}\u00a0% ({low} bis {high}) von {count}",
    ),
    no_candidate="Noch kein angepasstes Modell",
    no_candidate_more="Es schreibt allein base. Ein angepasstes Modell antwortet zunächst "
    "niemandem: auf ausgewählte Fragen antworten beide Modelle aus denselben Textstellen, eines "
    "davon ungesehen. Diese Seite zeigt dann für jede Art von Fragen, ob das angepasste besser, "
    "harmlos oder schlechter ist.",
    try_it="Sehen Sie es bei der Arbeit",
    add_one="Ein eigenes hinzufügen",
    no_pairs="Noch nichts verglichen",
    no_pairs_more="**{arms}** und base werden dieselben Fragen beantworten, eines davon ungesehen, "
    "sobald jemand fragt. Mit dem ersten verglichenen Paar erscheinen hier Zellen.",
)
