"""Words of English and German that say how something is said, not what.

One home for all of them. Two lists are two where what reads them was fitted, or is stored, with its
own: which says so. Case folded, as texts are when they are compared: ß is ss.
"""

from collections.abc import Iterable
from typing import Final

STOP_WORDS: Final = frozenset(
    """
    the and for are was were with that this from not but you your our can has have had will its
    into when which who whose than then them they their there these those also such any all may
    must should would could been being does did how what why where only just more most other
    some der die das den dem des ein eine einen einem einer eines und oder für ist sind war
    waren mit dass von aus nicht aber sie ihr ihre ihren ihrem ihrer kann können hat haben hatte
    wird werden wurde wie was wenn als auch nur noch mehr sich bei auf zum zur über unter nach
    vor durch man diese dieser dieses diesen diesem damit dabei dazu sowie bis alle aller allen
    """.split()
)
"""Left out where the content of a text is compared."""
JOINING: Final = {
    language: frozenset(listed.split())
    for language, listed in {
        "en": """
            the and of to is are was were with that this from not but you your our can has have
            will it its into which who than then they their there these those such any may must
            should would a an for on in at by or be as if when how do does no only all more most
            up out until within after before one two each every both also so because what where
            whom while per via without between over under about
        """,
        "de": """
            der die das den dem des ein eine einen einem einer eines und oder ist sind waren mit
            dass von aus nicht aber sie ihr ihre ihren ihrem ihrer kann können hat haben wird
            werden wurde wie wenn als auch nur noch bei auf zum zur über nach vor durch diese
            dieser dieses diesen diesem sich für im zu es ich wir in an am um er man kein keine
            keinen bis ab ob so da dann denn dort hier was wer wo welche welcher welches unter
            zwischen ohne je pro jede jeder jedes jeden sowie damit sondern muss müssen darf
            dürfen soll sollen
        """,
    }.items()
}
"""Words that join others to sentences, by language: their share tells running text."""
STARTERS: Final = frozenset(
    """
    ab am an ausserdem da danach dann dort du ein er es hier ich im in ja nein so wir zu zudem
    bitte öffnen klicken wählen geben
    """.split()
)
"""With the stop words: no ordinal stands before these; with a capital, a sentence begins."""
QUESTION_WORDS: Final = {
    language: tuple(listed.split())
    for language, listed in {
        "en": """
            what which who whom whose when where why how
        """,
        "de": """
            was welche welchem welchen welcher welches wer wen wem wessen wann wo wohin woher
            wodurch womit wofür wozu wovon wonach wogegen wobei woran worauf woraus worin
            worüber worum worunter warum wieso weshalb wie
        """,
    }.items()
}
"""What a question that yes does not answer begins with, by language."""
DEFINING: Final = frozenset(
    """
    a an the is are was what whats which who does do did mean means meaning stand stands for of
    define definition definitions explain explained describe term concept word difference
    between and or vs versus in on to me please tell about how you i we can could would know
    short simple words briefly my s it this that der die das den dem des ein eine einen einem
    einer eines ist sind war was welche welcher welches wer bedeutet bedeutung heisst meint man
    mit unter versteht verstehen begriff definition definiere definieren erkläre erklär erklären
    beschreibe unterschied zwischen und oder im in auf zu für von mir mal bitte kurz einfach
    worten wort ich wir kann können du sie eigentlich genau denn es dies
    """.split()
)
"""What is left of “What does X mean?” without X: the question names X and asks for no more."""
ASKED: Final = frozenset(
    """
    a an of in on at to by as is be am do did it he we me my us or if so no nor i s t m re ve ll
    d tell explain mean means meaning get got need want know like thing things someone please
    make made way use used using hello hi thanks thank whats im am an zu um wo es er du da so ob
    in man mal bitte sag sagen erkläre erklären bedeutet bedeuten gibt geben etwas jeder jede
    jedes einige machen macht gemacht tun brauche brauchen hallo danke eigentlich denn ich mich
    mir mein meine meinen wir uns unser
    """.split()
)
"""With the stop words: what no passage answers a question by. Selection was fitted with it."""
COURTESIES: Final = frozenset(
    """
    please pls hi hello hey thanks thank thx i me my tell know like wanna want need asap help
    mean means definition define explain bitte hallo danke ich mir mich mein meine meinen sag
    sagen wissen möchte will erklär erkläre erklären bedeutet bedeuten
    """.split()
)
"""What may be said another way in the same question. Signatures of questions are stored by it."""
POINTING_BACK: Final = frozenset(
    """
    it its that this those these they them there then same one ones he she das dies diese dieser
    dieses es er dort davon dafür damit dabei dagegen darüber dazu denen deren dessen ihn ihm
    ihnen selbe gleiche beides
    """.split()
)
"""What may stand for something that was said before."""
AFTER_PRONOUNS: Final = frozenset(
    """
    etwas nichts denn jetzt immer dann eigentlich überhaupt genau wirklich trotzdem schon hier
    heute morgen oft gerade gar ganz wohl mir mich uns euch ihnen beim vom
    """.split()
)
"""What may follow a pronoun, though it is no stop word."""
ASKING_ON: Final = frozenset(
    """
    take takes work works working does mean exactly again really example examples more explain
    tell why warum wieso weshalb how wie steps step first else know need needs happens happen
    long often much many dauert geht funktioniert bedeutet beispiel beispiele mehr nochmal
    genauer erklär erkläre schritt schritte lange oft viel viele passiert brauche braucht
    """.split()
)
"""By which a follow-up asks on without saying what for."""
ENGLISH: Final = frozenset(
    """
    about account after and any are aren't at be because been before being between but by bye
    can't card change cheers could couldn't define describe did didn't difference does doesn't
    don't down explain few find for free from get give good gotta had has have he hello help
    here hey how i'd i'll i'm i've if into isn't it it's its less lost make many mean meaning
    means might mine more morning most much must my myself need of off on onto or order our out
    over please pls plz price pricing reset shall she should shouldn't show some sorry tell than
    thank thanks that the their then there these they they're this those thx to too under up
    very wanna want wasn't we're what what's whats when where which while who whose why will
    with without won't would wouldn't yeah yes you your yours yourself
    """.split()
)
"""By these and the next a short text shows its language: words of English alone."""
GERMAN: Final = frozenset(
    """
    aber alles als am anmelden auch auf aus bedeuten bedeutet bei beim bin bis bist bitte dank
    danke dann darf das dass dein deine deinen dem den der des dich dir doch dort du durch
    dürfen ein eine einem einen einer eines einloggen er erklär erkläre erklären etwas euch euer
    fehler funktionieren funktioniert für gegen geht gesperrt gestern gibt guten gutes habe
    haben hast hatte heisst heute hier hilfe hinter ich ihm ihn ihr ihre ihrem ihren im ins ist
    ja jetzt kann kannst kein keine keinem keinen keiner konnte kosten kostenlos können könnte
    kündigen machen macht mag mal mehr mein meine meinem meinen meiner meines mich mir mit moin
    morgen muss möchte möchten müssen nach nein nicht nichts noch nur ob oder ohne sag schon
    schön sehr seid sein seit servus sie sind soll sollen sollte tag tschüss um und uns unser
    unsere unter unterschied vergessen verloren viel viele vielen vom von vor wann waren warum
    weil welche welchem welchen welcher welches wem wen wenig weniger wenn wer werde werden
    weshalb wessen wie wieso wieviel wir wird wirst wo woher wohin wollen wurde wurden zeig
    zeige zu zum zur zwischen ändern über
    """.split()
)
"""Words of German alone."""
WEAKLY_ENGLISH: Final = frozenset(
    """
    a all am an as can do go her hi him his i in is man may me no not on or so us was we
    """.split()
)
"""Also words of other languages; they count half."""
WEAKLY_GERMAN: Final = frozenset(
    """
    alle also am an die es hallo hat in man per so war was
    """.split()
)
"""Also words of other languages; they count half."""
FOREIGN: Final = frozenset(
    """
    aan abbiamo ahoj alla alsjeblieft alstublieft att aux avec avete avez avons bedankt ben
    benim bent bij bir biz bom bonjour bonsoir bu buenas buenos buongiorno c'est c'est-à-dire
    chcę che chez ciao combien come comment como cos'è cosa cuando cuanto cuál cuáles cuándo
    cuánta cuánto cześć czy cómo d'accord dans dat dei del della delle det deze değil di dia dit
    dla dlaczego dobry donde dov'è dove dzień dziękuję días dónde děkuji een elle eres est
    est-ce estoy está están et ett eu evet facture favor funziona för gdzie geen gli goedemorgen
    gracias grazie hai har hay hayır heb hebben hebt hej het ho hoe hoeveel hola hur hvad hvor
    hvordan hvorfor hvornår ik ikke il ile inte istiyorum için j'ai jag jak jaka jaki jakie jeg
    jest jestem jij jouw jsou jullie kan kaç kde kdy kiedy kim kolik kunnen kunt las les lo los
    lütfen ma maar mais mam med merci merhaba mes met meu meus mia mie miei mijn minha mio mis
    misiniz mitt mogę moja moje molto mon mot może mu musunuz muy mój mü mı mısınız můj n'ai
    naar nasıl ne neden nedir nee nel nella není nerede nie niet niçin non notre nous não när
    obrigada obrigado och og olá onde onze ook ou oui où para parlez pas passe perché pero
    peut-on più plaît po por porqué posso pour pourquoi pouvez proszę prosím proč przez puede
    puedo puis può på qu'est-ce qual quale quali quand quando quanto que quel quelle quelles
    quels quero quiero qué remboursement salut sans sei sen seu siamo sim sin siz się som somos
    son sono sont soy su sua suis sulla sur sus svp são sì sí są tack tak takk tamam tardes
    tengo teşekkür teşekkürler tiene tienen til très tus uit uma une unos usted ustedes uw vad
    van varför ve você voglio voor vorrei vos vostri vostro votre voudrais vous waar waarom
    wanneer wat wel welke wij wil yo yok ze zijn är è é êtes şu że
    """.split()
)
"""Words of languages that Routeback does not speak, and of neither of its own."""


def one_of(words: Iterable[str]) -> str:
    """Return a regular expression, without groups, for one of some words."""
    return rf"(?:{'|'.join(sorted(words, key=len, reverse=True))})"
