"""``langchain_openai.ChatOpenAI`` as a client, as it is."""

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI

ASKED = "What is a token?"


@pytest.fixture
def chat(server) -> ChatOpenAI:
    return ChatOpenAI(
        model="routeback",
        base_url=f"{server.url}/v1",
        api_key="none",
        max_retries=0,
        temperature=0.2,
        max_tokens=200,
    )


def test_an_answer_has_text_usage_and_a_finish(chat):
    reply = chat.invoke(ASKED)
    assert "token" in reply.content.lower()
    assert reply.response_metadata["finish_reason"] == "stop"
    assert reply.usage_metadata["total_tokens"] == 1170


async def test_it_is_the_same_awaited_and_in_a_batch(chat):
    text = chat.invoke(ASKED).content
    assert (await chat.ainvoke(ASKED)).content == text
    assert [reply.content for reply in chat.batch([ASKED, ASKED])] == [text, text]
    assert [reply.content for reply in await chat.abatch([ASKED])] == [text]


async def test_a_stream_is_the_same_answer_with_usage_where_it_is_asked_for(chat, server):
    text = chat.invoke(ASKED).content
    plain = list(chat.stream(ASKED, stream_usage=False))
    assert "".join(chunk.content for chunk in plain).strip() == text
    assert [chunk.usage_metadata for chunk in plain if chunk.usage_metadata] == []
    told = chat.model_copy(update={"stream_usage": True})
    chunks = [chunk async for chunk in told.astream(ASKED)]
    assert "".join(chunk.content for chunk in chunks).strip() == text
    [usage] = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert usage["total_tokens"] == 1170


def test_a_history_of_all_kinds_of_messages_is_gone_on_with(chat):
    call = {"name": "f", "args": {}, "id": "c", "type": "tool_call"}
    before = [
        SystemMessage("Be brief."),
        HumanMessage("Look it up."),
        AIMessage("", tool_calls=[call]),
        ToolMessage("42", tool_call_id="c"),
        HumanMessage([{"type": "text", "text": "What is negative transfer?"}]),
        AIMessage(chat.invoke("What is negative transfer?").content),
    ]
    reply = chat.invoke([*before, HumanMessage("And how does it show?")])
    assert "scratch" in reply.content or "transfer" in reply.content.lower()


def test_tools_and_structured_answers_are_refused_by_name(chat):
    def look(word: str) -> str:
        """Look a word up."""
        return word

    for asking, name in (
        (chat.bind_tools([look]), "tools"),
        (chat.bind(response_format={"type": "json_object"}), "response_format"),
        (chat.bind(stop=["."]), "stop"),
        (chat.bind(n=2), "n"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            asking.invoke(ASKED)
        assert caught.value.param == name
