"""What was just offered, taken up in people's own words: a person, one of several entries, none."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from assistant.assistant import Assistant, PassedOn
from assistant.conversation import Message
from assistant.records.turns import Turn
from assistant.turn.permissions import Writing
from assistant.turn.question.offers import LAST, Offer, listed, recalled, taken
from assistant.turn.sayings import OFFERS

NAMED = [
    {"id": "a", "title": "Pod"},
    {"id": "b", "title": "Guide › Can I get a refund?"},
    {"id": "c", "title": "Token"},
]


def offer(*, person: bool = False, choices=(), shown=()) -> Offer:
    return {
        "person": person,
        "choices": list(choices),
        "shown": list(shown),
        "language": "en",
    }


YES = [
    *("yes", "Yes, please!", "yes pls", "ok", "Okay", "sure, thanks", "please", "go ahead"),
    *("Yes, I would like that.", "yes, I’d like that", "that would be great", "ok 👍"),
    *("Yes please connect me", "of course", "please do"),
    *("Ja, bitte", "ja", "Ja gerne!", "gern", "Jawohl", "na klar", "ja, das wäre schön"),
    *("Ja, verbinden Sie mich bitte", "in Ordnung", "das möchte ich", "bitte"),
]
NO = [
    *("no", "Nope.", "no, that's not it", "No, that’s not it!", "that is not what I meant"),
    *("that isn't it", "not that one", "none of these", "neither", "something else"),
    *("No, I mean something else", "wrong answer", "that's the wrong one", "that doesn't help me"),
    *("That is not what I was looking for", "no, sorry"),
    *("nein", "Nein, das meine ich nicht", "das ist es nicht", "nein, das war nicht gemeint"),
    *("das habe ich nicht gefragt", "nichts davon", "keins davon", "keine von beiden"),
    *("Nein, ich meine etwas anderes", "leider nein", "das hilft mir nicht", "das passt nicht"),
    *("das ist falsch", "nee"),
]
OTHER = [
    *("What is a pod?", "yes, but how long is it valid?", "ok, and what is a pod?"),
    *("no, what is a pod?", "no, I meant the billing address", "wrong password", "thanks"),
    *("ja, aber wie lange gilt das?", "nein, was ist ein Pod?", "danke schön", "nein danke"),
    *("das ist nicht in der Anleitung, oder?", "nothing happens when I click", "3 days", "OK Go"),
]


@pytest.mark.parametrize("said", YES)
def test_agreeing_takes_the_person_that_was_offered(said):
    assert taken(said, offer(person=True)) == "person"
    assert taken(said, offer(person=True, choices=NAMED)) == "person"


@pytest.mark.parametrize("said", YES)
def test_agreeing_takes_the_only_choice_and_asks_again_among_several(said):
    assert taken(said, offer(choices=NAMED[:1])) == NAMED[0]
    assert taken(said, offer(choices=NAMED)) == "again"
    assert taken(said, offer(shown=["a"])) is None
    assert taken(said, None) is None


@pytest.mark.parametrize("said", NO)
def test_denying_says_that_what_was_shown_is_not_it_or_that_no_person_is_wanted(said):
    assert taken(said, offer(shown=["a"])) == "not_it"
    assert taken(said, offer(person=True, choices=NAMED)) == "not_it"
    assert taken(said, offer(person=True)) == "declined"


@pytest.mark.parametrize("said", OTHER)
def test_anything_else_is_a_message_of_its_own(said):
    assert taken(said, offer(person=True, choices=NAMED, shown=["a"])) is None


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (0, "1 1. #1 first one eins 1st"),
        (1, "2 2. 2) second zwei 2nd Nr.2"),
        (2, "3 third last letzte drei latter"),
    ],
)
def test_a_number_or_an_ordinal_takes_that_choice(place, said):
    for word in said.split():
        assert taken(word, offer(person=True, choices=NAMED)) == NAMED[place], word


@pytest.mark.parametrize(
    "said",
    [
        *("the second one", "Number 2, please", "option 2", "I mean the second", "yes, the second"),
        *("No. 2", "das zweite", "Die zweite bitte", "Nummer 2", "ich meine die 2", "den zweiten"),
        *("Can I get a refund?", "can i get a refund", "2. Guide › Can I get a refund?"),
        *("„Can I get a refund?“", "Guide › Can I get a refund"),
    ],
)
def test_a_choice_is_taken_by_a_phrase_or_by_its_title(said):
    assert taken(said, offer(choices=NAMED)) == NAMED[1]


@pytest.mark.parametrize("said", ["4", "10", "the fourth", "vierte"])
def test_a_number_that_no_choice_has_asks_again(said):
    assert taken(said, offer(choices=NAMED)) == "again"
    assert taken(said, offer(shown=["a"])) is None


def test_long_messages_are_looked_at_in_no_time():
    for many in ("yes ", "no ", "the ", "das ist nicht ", "please "):
        assert taken(many * 2000 + "x?", offer(person=True, choices=NAMED)) is None


# What only the client remembers


def history(said: str) -> list[Message]:
    return [{"role": "user", "content": "x"}, {"role": "assistant", "content": said}]


def test_an_offer_is_recalled_from_the_last_reply():
    lists = listed(NAMED)
    english = recalled(history(f"The closest entries are these.\n\n{lists}\n\n{OFFERS[0]}"), OFFERS)
    german = recalled(history(f"Ich habe dazu nichts gefunden. {OFFERS[1]}"), OFFERS)
    asked = recalled(history(f"Was davon meinen Sie?\n\n{lists}"), OFFERS)
    titles = [{"id": "", "title": named["title"]} for named in NAMED]
    assert english == {"person": True, "choices": titles, "shown": [], "language": "en"}
    assert german == {"person": True, "choices": [], "shown": [], "language": "de"}
    assert asked == {"person": False, "choices": titles, "shown": [], "language": "de"}


@pytest.mark.parametrize(
    "said",
    [
        "A pod is the smallest unit. [1]",
        "Do this:\n\n1. Open the page. [1]\n2. Choose Reset. [1]",
        f"{OFFERS[0]} I asked that before. [1]",
    ],
)
def test_an_answer_offers_nothing_but_can_be_refused(said):
    offered = recalled(history(said), OFFERS)
    assert offered is not None
    assert (offered["person"], offered["choices"], offered["shown"]) == (False, [], [LAST])
    assert taken("yes please", offered) is None
    assert taken("no", offered) == "not_it"
    assert recalled([], OFFERS) is None
    assert recalled(history(f"x {OFFERS[0]}")[::-1], OFFERS) is None


# The whole conversation


@pytest.fixture
def quoting(assistant: Assistant) -> Assistant:
    return replace(assistant, writing=Writing("first"))


async def ask(assistant: Assistant, question: str, **options) -> Turn:
    async with aclosing(assistant.answer(question, **options)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


UNANSWERED = {
    "en": ("Who won the 1998 World Cup?", "I have passed this on to a person of our team."),
    "de": (
        "Wer hat 1998 die Fußballweltmeisterschaft gewonnen?",
        "an einen Menschen aus unserem Team weitergegeben.",
    ),
}
AGREED = [("en", "yes please"), ("en", "ok"), ("de", "Ja, bitte"), ("de", "ok"), ("de", "gerne")]


@pytest.mark.parametrize(("language", "said"), AGREED)
@pytest.mark.parametrize("kept", ["here", "by the client"])
async def test_a_person_is_handed_over_to_who_agrees_to_one(
    quoting, endpoint, language, said, kept, request
):
    question, answer = UNANSWERED[language]
    conversation = request.node.name[:60]
    first = await ask(quoting, question, conversation_id=conversation)
    if kept == "here":
        turn = await ask(quoting, said, conversation_id=conversation)
    else:
        before = [
            {"role": "user", "content": question},
            {"role": "assistant", "content": first.answer},
        ]
        turn = await ask(quoting, said, history=before)
    assert (turn.outcome, turn.segment, turn.language) == ("handed_off", "person", language)
    assert turn.standalone == question
    assert turn.answer.endswith(answer)
    assert endpoint.asked == []


@pytest.mark.parametrize(("language", "said"), [("en", "no"), ("en", "nope"), ("de", "nein")])
async def test_who_wants_no_person_is_not_told_that_the_documents_hold_no_no(
    quoting, language, said
):
    conversation = f"declined-{said}"
    await ask(quoting, UNANSWERED[language][0], conversation_id=conversation)
    turn = await ask(quoting, said, conversation_id=conversation)
    assert (turn.outcome, turn.language) == ("replied", language)


async def test_what_was_agreed_to_once_is_not_offered_for_ever(quoting):
    for said in (UNANSWERED["en"][0], "yes please"):
        await ask(quoting, said, conversation_id="once")
    async with aclosing(quoting.answer("yes please", conversation_id="once")) as events:
        (only,) = [event async for event in events]
    assert isinstance(only, PassedOn)


DENIALS = {
    "en": ("What is a token?", ["no, that's not it", "nope", "None of these", "no"]),
    "de": (
        "Wie setze ich mein Passwort zurück?",
        ["nein, das meine ich nicht", "nein", "Nichts davon", "das ist es nicht"],
    ),
}


@pytest.mark.parametrize("language", ["en", "de"])
async def test_who_says_that_it_is_not_it_is_offered_others_and_never_the_same(quoting, language):
    question, denials = DENIALS[language]
    conversation = f"denied-{language}"
    turn = await ask(quoting, question, conversation_id=conversation)
    seen = {source["id"] for source in turn.sources[: turn.selection["given"]]}
    outcomes = []
    for said in denials:
        turn = await ask(quoting, said, conversation_id=conversation)
        outcomes.append(turn.outcome)
        offered = {named["id"] for named in turn.selection["choices"]}
        assert not offered & seen
        assert turn.language == language
        assert turn.standalone == question
        seen |= offered
    assert outcomes[0] == "asked"
    assert outcomes[-1] == "abstained"
    assert turn.answer.endswith(OFFERS[0] if language == "en" else OFFERS[1])


async def test_where_nothing_else_is_left_it_is_said_about_the_question_and_not_about_the_no(
    quoting,
):
    question, denials = DENIALS["en"]
    turn = await ask(quoting, question, conversation_id="left")
    for said in denials:
        turn = await ask(quoting, said, conversation_id="left")
    assert turn.outcome == "abstained"
    assert f"“{question}”" in turn.answer


async def test_what_is_listed_is_what_can_be_chosen_by_its_number(quoting):
    question, (denial, *_) = DENIALS["de"]
    await ask(quoting, question, conversation_id="listed")
    turn = await ask(quoting, denial, conversation_id="listed")
    choices = turn.selection["choices"]
    assert turn.answer.endswith("\n\n" + listed(choices))


CHOOSING = [
    *((kept, "en", said) for kept in ("here", "client") for said in ("the first one", "1", "")),
    *((kept, "de", said) for kept in ("here", "client") for said in ("die erste", "1", "")),
]


@pytest.mark.parametrize(("kept", "language", "said"), CHOOSING)
async def test_the_entry_that_is_chosen_is_quoted(quoting, language, said, kept, request):
    question, (denial, *_) = DENIALS[language]
    conversation = request.node.name[:60]
    first = await ask(quoting, question, conversation_id=conversation)
    asked = await ask(quoting, denial, conversation_id=conversation)
    title = asked.answer.split("\n1. ")[1].split("\n")[0]
    said = said or title.lower()
    if kept == "here":
        turn = await ask(quoting, said, conversation_id=conversation)
    else:
        before = [
            {"role": "user", "content": question},
            {"role": "assistant", "content": first.answer},
            {"role": "user", "content": denial},
            {"role": "assistant", "content": asked.answer},
        ]
        turn = await ask(quoting, said, history=before)
    assert (turn.outcome, turn.mode, turn.language) == ("answered", "quote", language)
    assert [q["title"] for q in turn.selection["quotations"]] == [title]


async def test_yes_to_several_choices_asks_again_which(quoting):
    await ask(quoting, "What is a token?", conversation_id="again")
    asked = await ask(quoting, "no, that's not it", conversation_id="again")
    again = await ask(quoting, "yes", conversation_id="again")
    assert (again.outcome, again.answer) == ("asked", asked.answer)
    chosen = await ask(quoting, "1", conversation_id="again")
    assert chosen.outcome == "answered"
    assert chosen.sources[0]["title"] == asked.selection["choices"][0]["title"]


async def test_after_a_choice_the_conversation_goes_on_about_it(quoting):
    await ask(quoting, "What is a token?", conversation_id="on")
    asked = await ask(quoting, "that's not what I meant", conversation_id="on")
    titles = [choice["title"] for choice in asked.selection["choices"]]
    number = titles.index("Pod") + 1
    await ask(quoting, str(number), conversation_id="on")
    turn = await ask(quoting, "And what does it hold?", conversation_id="on")
    assert (turn.outcome, turn.sources[0]["title"]) == ("answered", "Pod")


async def test_a_new_question_is_no_answer_to_what_was_offered(quoting):
    await ask(quoting, "Who won the 1998 World Cup?", conversation_id="new")
    turn = await ask(quoting, "How do I reset my password?", conversation_id="new")
    assert (turn.outcome, turn.sources[0]["key"]) == ("answered", "reset-password")


@pytest.mark.parametrize(
    "said", ["ok thanks", "Ok, danke!", "bitte?", "yes?", "why not?", "thanks"]
)
def test_thanks_and_questions_agree_to_nothing(said):
    assert taken(said, offer(person=True)) is None


@pytest.mark.parametrize("said", ["no, forget it", "no thanks", "nein danke", "nein, schon gut"])
def test_a_polite_no_is_a_no(said):
    assert taken(said, offer(person=True)) == "declined"


def test_a_choice_may_be_named_by_its_letter_or_by_what_it_is_about():
    assert taken("b)", offer(choices=NAMED)) == NAMED[1]
    assert taken("e)", offer(choices=NAMED)) is None
    word = NAMED[0]["title"].split()[-1].strip("?")
    expected = [n for n in NAMED if word.casefold() in n["title"].casefold()]
    found = taken(f"the one about {word}", offer(choices=NAMED))
    assert found == (expected[0] if len(expected) == 1 else None)


def test_a_title_is_one_line_of_a_list_and_can_be_said_back():
    long = {"id": "1", "title": "1. Delete the archive\n2. Delete " + "everything " * 30}
    [line] = listed([long]).split("\n")
    assert len(line) <= 123
    assert taken(line, offer(choices=[long])) == long


async def test_a_client_that_keeps_the_history_can_refuse_what_was_quoted(quoting):
    question, denied = DENIALS["en"]
    first = await ask(quoting, question, conversation_id="refused")
    before = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": first.answer},
    ]
    turn = await ask(quoting, denied[0], history=before)
    assert turn.answer != first.answer
    assert question.split()[-1].strip("?") not in [c["title"] for c in turn.selection["choices"]]


async def test_somebody_who_speaks_another_language_is_offered_a_person(quoting):
    first = await ask(
        quoting, "Comment puis-je réinitialiser mon mot de passe ?", conversation_id="fr"
    )
    assert first.outcome == "replied"
    turn = await ask(quoting, "oui", conversation_id="fr")
    assert turn.outcome == "handed_off"
