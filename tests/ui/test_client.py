import time

import pytest

from tests.support.server import free_port
from tests.ui.support.stub import Stub
from ui.api.client import Client
from ui.api.conversations import ConversationClient
from ui.api.stream import Waiting
from ui.api.turn import AnsweredTurn
from ui.errors import ApiError
from ui.texts.chat import TEXTS, explain


def answer(client: Client, question: str, **options):
    asked = [{"role": "user", "content": question}]
    name = ConversationClient(client).begin()
    ids = {"conversation_id": name, "client_id": f"mine-{question}"}
    return client.answer(asked, interface="de", **ids, **options)


def test_an_answer_comes_in_pieces_and_ends_with_its_turn(stub: Stub):
    *pieces, turn = [e for e in answer(Client(stub.url), "What?") if not isinstance(e, Waiting)]
    assert len(pieces) > 10
    assert "".join(map(str, pieces)).startswith("**Negative transfer** means")
    assert isinstance(turn, AnsweredTurn)
    assert [source.number for source in turn.cited] == [1, 2]
    assert [source.number for source in turn.searched] == [3]
    assert turn.uncarried == ("Most companies never notice it.",)
    assert [piece.number for piece in pieces] == [*range(2, len(pieces) + 2)]
    assert stub.asked[0]["routeback"] == {
        "conversation_id": "conversation-1",
        "interface": "de",
        "keep": True,
        "client_id": "mine-What?",
    }


def test_waiting_is_said_and_the_answer_goes_on_when_nobody_reads(stub: Stub):
    client = Client(stub.url)
    events = answer(client, "endless", tick_s=0.05)
    assert any(isinstance(event, str) for event in events)
    assert any(isinstance(event, Waiting) and event.seconds > 0 for event in events)
    events.close()
    assert stub.abandoned.wait(10)
    talks = ConversationClient(client)
    log = talks.read("conversation-1", 0, "en").entries
    assert len(wait_for_more(talks, len(log))) > len(log)
    talks.stop("conversation-1")
    assert talks.read("conversation-1", 0, "en").entries[-1].kind == "cut"


def wait_for_more(talks: ConversationClient, than: int):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        log = talks.read("conversation-1", 0, "en").entries
        if len(log) > than:
            return log
        time.sleep(0.05)
    return ()


@pytest.mark.parametrize(
    ("question", "cause", "says"),
    [
        ("busy", "busy", "Please try again in about 7 seconds."),
        ("very busy", "busy", "Many questions are being answered right now."),
        ("refuse", "refused", "It says: The question is *not* text."),
        ("break", "refused", "It says: The arm 'base' did not answer."),
        ("cut", "lost", "broke off"),
        ("html", "strange", "is not an answer"),
    ],
)
def test_failures_have_a_cause_and_words(stub: Stub, question: str, cause: str, says: str):
    with pytest.raises(ApiError) as failed:
        list(answer(Client(stub.url), question))
    assert failed.value.cause == cause
    assert says in explain(failed.value, TEXTS["en"])
    assert explain(failed.value, TEXTS["de"]) != explain(failed.value, TEXTS["en"])


def test_no_server_is_told_at_once():
    client = Client(f"http://127.0.0.1:{free_port()}")
    ids = {"conversation_id": "c-1", "client_id": "question-1"}
    began = time.monotonic()
    with pytest.raises(ApiError, match="unreachable"):
        list(client.answer([{"role": "user", "content": "?"}], interface="de", **ids))
    with pytest.raises(ApiError, match="unreachable"):
        client.rate("t", "up", "")
    assert time.monotonic() - began < 5


def test_the_key_is_sent_and_a_wrong_one_is_named(stub: Stub):
    stub.key = "right"
    assert list(answer(Client(stub.url, "right"), "What?"))
    talks = ConversationClient(Client(stub.url, "right"))
    opened = talks.ask_for_person("conversation-1", "Help", "en", client_id="request-1")
    assert (opened.number, opened.standing.holder) == (12, "waiting")
    for wrong in (Client(stub.url), Client(stub.url, "wrong")):
        with pytest.raises(ApiError, match="key"):
            list(answer(wrong, "What?"))
        with pytest.raises(ApiError, match="key"):
            ConversationClient(wrong).ask_for_person("c", "Help", "en", client_id="request-2")
    assert "right" not in repr(Client(stub.url, "right"))


def test_a_rating_arrives_as_it_was_given(stub: Stub):
    Client(stub.url).rate("t-1", "down", "too long")
    assert stub.ratings == [{"turn_id": "t-1", "thumb": "down", "comment": "too long"}]
