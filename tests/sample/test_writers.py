"""The scripts that stand in for models in the sample."""

import httpx
import pytest

from assistant.sample.writers import SCRIPTS, writing, written
from assistant.turn.prompts import answer_messages
from guardrails.types import Text

PASSAGE = Text(
    "Open **Settings** and choose *Reset*. The link is valid for 60 minutes. It works once.",
    "en",
    "Reset",
)


@pytest.mark.parametrize("model", SCRIPTS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_each_writes_in_the_language_that_is_asked_for(model, language):
    said = written(model, answer_messages("How do I reset it?", [PASSAGE, PASSAGE], language))
    assert said
    assert "NO_ANSWER" not in said
    assert said == written(model, answer_messages("Again?", [PASSAGE, PASSAGE], language))


def test_base_cites_what_it_takes():
    said = written("base", answer_messages("How?", [PASSAGE], "en"))
    assert said == "Open Settings and choose Reset [1]."


def test_without_a_passage_there_is_no_answer():
    assert written("base", [{"role": "user", "content": "In one sentence: a refund?"}]) == (
        "NO_ANSWER"
    )


def test_they_answer_as_endpoints_do():
    messages = answer_messages("How?", [PASSAGE], "en")
    body = {"model": "base", "stream": True, "messages": messages}
    with writing() as address:
        names = [one["id"] for one in httpx.get(f"{address}/models").json()["data"]]
        reply = httpx.post(f"{address}/chat/completions", json=body)
    assert names == list(SCRIPTS)
    assert reply.text.endswith("data: [DONE]\n\n")
