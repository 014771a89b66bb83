"""A person takes over, over HTTP: what each side reads, and what nobody but the team sees."""

import json

import httpx
import pytest


@pytest.fixture
def call(api):
    def made(method, path, body=None, status=200):
        reply = httpx.request(
            method, f"{api.url}{path}", json=body, headers=api.headers, timeout=60
        )
        assert reply.status_code == status, reply.text
        return reply.json()

    return made


def ask(call, text, conversation, **more):
    body = {
        "messages": [{"role": "user", "content": text}],
        "routeback": {"conversation_id": conversation, **more},
    }
    return call("POST", "/v1/chat/completions", body)


def test_what_begins_a_conversation_is_there_once_however_often_it_is_sent(call):
    wanted = {"message": "A person, please.", "client_id": "first-said"}
    first, again = (call("POST", "/v1/tickets", wanted, 201) for _ in range(2))
    assert again == first
    other = call("POST", "/v1/tickets", {**wanted, "client_id": "next-said"}, 201)
    assert other["conversation_id"] != first["conversation_id"]
    mine = call("POST", "/v1/tickets", {**wanted, "message": "My invoice is wrong."}, 201)
    assert mine["number"] not in {first["number"], other["number"]}, "a client_id of two people"

    asked = {
        "messages": [{"role": "user", "content": "Who won the 1998 World Cup?"}],
        "routeback": {"client_id": "first-asked"},
    }
    begun = call("POST", "/v1/chat/completions", asked)["routeback"]["conversation_id"]
    refused = call("POST", "/v1/chat/completions", asked, 409)
    assert begun in json.dumps(refused)
    kinds = [e["kind"] for e in call("GET", f"/v1/conversations/{begun}")["entries"]]
    assert kinds == ["question", "answer"]


def test_a_story_of_two_sides(call):
    conversation = call("POST", "/v1/conversations", status=201)["conversation_id"]
    first = ask(call, "Who won the 1998 World Cup?", conversation)
    assert first["routeback"]["outcome"] == "abstained"
    asked = {"conversation_id": conversation, "message": "Who won?", "client_id": "asks-once"}
    opened = call("POST", "/v1/tickets", asked, 201)
    assert call("POST", "/v1/tickets", asked, 201)["number"] == opened["number"]
    assert opened["standing"]["holder"] == "waiting"
    ticket = f"/v1/desk/tickets/{opened['number']}"
    assert call("GET", ticket)["ticket"]["reason"] == "missing_knowledge"
    waiting = ask(call, "Are you there?", conversation)
    assert waiting["routeback"]["outcome"] == "passed_on"
    assert str(opened["number"]) in waiting["choices"][0]["message"]["content"]
    call("POST", f"{ticket}/note", {"text": "a sports question"}, 201)
    reply = {"text": "France did.", "client_id": "reply-once"}
    call("POST", f"{ticket}/reply", reply, 201)
    call("POST", f"{ticket}/reply", reply, 201)
    silent = ask(call, "Thanks!", conversation)
    assert silent["choices"][0]["message"]["content"] == ""
    told = call("GET", f"/v1/conversations/{conversation}")
    assert told["standing"]["holder"] == "person"
    kinds = [entry["kind"] for entry in told["entries"]]
    assert kinds == ["question", "answer", "moved", "user", "user", "moved", "team", "user"]
    assert [e["text"] for e in told["entries"] if e["kind"] == "team"] == ["France did."]
    assert "sports" not in json.dumps(told)
    call("POST", f"{ticket}/solve", {})
    rating = {"rating": 5, "comment": "quick"}
    rated = call("POST", f"/v1/conversations/{conversation}/rating", rating)
    assert rated == {"number": opened["number"], "rating": 5}, "nothing that is the team's"
    assert call("GET", ticket)["ticket"]["rating_comment"] == "quick"
    thanks = ask(call, "Thank you!", conversation)
    assert thanks["routeback"]["outcome"] == "replied"
    assert thanks["routeback"]["standing"]["holder"] == "solved"
    wrong = ask(call, "Thanks, that is wrong", conversation)
    assert wrong["routeback"]["standing"]["holder"] == "waiting"
    assert call("GET", ticket)["ticket"]["reopened"] == 1
    for text in ("?", "😀", "x" * 5_000):
        call("POST", f"/v1/conversations/{conversation}/messages", {"text": text}, 201)


def test_what_cannot_be_done_now_is_said(call):
    conversation = call("POST", "/v1/conversations", status=201)["conversation_id"]
    refused = call("POST", f"/v1/conversations/{conversation}/messages", {"text": "Hello?"}, 409)
    assert "Nobody of the team" in refused["error"]["message"]
    call("POST", f"/v1/conversations/{conversation}/bot", status=409)
    call("GET", "/v1/desk/tickets/99999", status=404)
    by_hand = {"message": "They called", "conversation_id": "none-of-this-name"}
    call("POST", "/v1/desk/tickets", by_hand, 404)
    call("POST", "/v1/desk/tickets", {"message": " \u200b\n"}, 400)
    call("GET", "/v1/conversations/somebody-elses", status=404)


def test_an_answer_that_is_kept_goes_on_without_its_reader(api, call, endpoint):
    conversation = call("POST", "/v1/conversations", status=201)["conversation_id"]
    body = {
        "stream": True,
        "messages": [{"role": "user", "content": "What is a token?"}],
        "routeback": {"conversation_id": conversation, "keep": True, "client_id": "question-1"},
    }
    url = f"{api.url}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, headers=api.headers, timeout=60) as stream:
        numbers = [line for line in stream.iter_lines() if line.startswith("id: ")][:1]
    following = f"{api.url}/v1/conversations/{conversation}/events?after=0"
    with httpx.stream("GET", following, headers=api.headers, timeout=60) as stream:
        kinds = []
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
                if kinds[-1] == "answer":
                    break
    assert numbers
    assert kinds[0] == "question"
    refused = httpx.post(url, json={**body, "stream": False}, headers=api.headers, timeout=60)
    assert refused.status_code == 409, "it was asked before"
