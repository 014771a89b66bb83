"""Each dialect answers questions through the whole API, and is found once."""

import asyncio

import openai
import pytest

from assistant.commands.arms import _arm_lines, _more_lines
from assistant.running import Running
from assistant.wire.arms import ArmView
from tests.support.calling import ask
from tests.support.dialects import DOUBLES, Double, serving
from tests.support.places import Place, Reply, asked

TOKEN = "A token is the smallest piece of text that a language model reads. [1]"
TRANSFER = (
    "Negative transfer means that knowledge from one task makes a model worse at another task. [1]"
)


def question(running: Running, text: str, *, stream: bool) -> Reply:
    messages = [{"role": "user", "content": text}]
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0) as client:
        reply = client.chat.completions.create(model="routeback", messages=messages, stream=stream)
        return Reply.joined(list(reply)) if stream else Reply.of(reply)


def answered(reply: Reply, text: str) -> bool:
    ours = reply.ours
    assert (reply.text, reply.finish, ours["fell_back"]) == (text, "stop", None)
    return (ours["mode"], ours["route"]["arm"]) == ("write", "base")


async def again(place: Place, double: Double) -> Reply:
    """Ask on the same data, opened anew."""
    async with place.opened(double) as assistant:
        return await asked(assistant, "What is a token?", stream=True)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("kind", DOUBLES, ids=lambda kind: kind.__name__)
def test_it_answers_and_is_refused_no_more(kind: type[Double], place: Place):
    with serving(kind()) as double:
        with place.running(double) as running:
            assert answered(question(running, "What is a token?", stream=False), TOKEN)
            refused = double.refused
            assert answered(question(running, "What is a token?", stream=True), TOKEN)
            assert answered(question(running, "What is negative transfer?", stream=True), TRANSFER)
            shown = ask(running, "GET", "/v1/arms/base")
            arm = ArmView.model_validate(shown)
            assert shown["dialect"]["told"] == kind.told
            assert f"  {kind.told}" in [*_arm_lines(arm), *_more_lines(arm)]
        assert answered(asyncio.run(again(place, double)), TOKEN)
        assert double.refused == refused
