import socket
import time

import pytest

from tests.ui.support.stub import Stub
from ui.api.client import Client, OpenedTicket, Waiting
from ui.api.turn import AnsweredTurn
from ui.errors import ApiError
from ui.texts.chat import TEXTS, explain


def answer(client: Client, question: str, **options):
    asked = [{"role": "user", "content": question}]
    return client.answer(asked, conversation_id="c-1", interface="de", **options)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_an_answer_comes_in_pieces_and_ends_with_its_turn(stub: Stub):
    *pieces, turn = [e for e in answer(Client(stub.url), "What?") if not isinstance(e, Waiting)]
    assert len(pieces) > 10
    assert "".join(map(str, pieces)).startswith("**Negative transfer** means")
    assert isinstance(turn, AnsweredTurn)
    assert [source.number for source in turn.cited] == [1, 2]
    assert [source.number for source in turn.searched] == [3]
    assert turn.uncarried == ("Most companies never notice it.",)
    assert stub.asked[0]["routeback"] == {"conversation_id": "c-1", "interface": "de"}


def test_waiting_is_said_and_closing_ends_the_answer_on_the_server(stub: Stub):
    events = answer(Client(stub.url), "endless", tick_s=0.05)
    assert any(isinstance(event, str) for event in events)
    assert any(isinstance(event, Waiting) and event.seconds > 0 for event in events)
    events.close()
    assert stub.abandoned.wait(10)


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
    client = Client(f"http://127.0.0.1:{closed_port()}")
    began = time.monotonic()
    with pytest.raises(ApiError, match="unreachable"):
        list(answer(client, "What?"))
    with pytest.raises(ApiError, match="unreachable"):
        client.rate("t", "up", "")
    assert time.monotonic() - began < 5


def test_the_key_is_sent_and_a_wrong_one_is_named(stub: Stub):
    stub.key = "right"
    assert list(answer(Client(stub.url, "right"), "What?"))
    opened = Client(stub.url, "right").open_ticket("c", "Help", "", "en")
    assert opened == OpenedTicket("ticket-1", "c")
    for wrong in (Client(stub.url), Client(stub.url, "wrong")):
        with pytest.raises(ApiError, match="key"):
            list(answer(wrong, "What?"))
        with pytest.raises(ApiError, match="key"):
            wrong.open_ticket("c", "Help", "", "en")
    assert "right" not in repr(Client(stub.url, "right"))


def test_a_rating_arrives_as_it_was_given(stub: Stub):
    Client(stub.url).rate("t-1", "down", "too long")
    assert stub.ratings == [{"turn_id": "t-1", "thumb": "down", "comment": "too long"}]
