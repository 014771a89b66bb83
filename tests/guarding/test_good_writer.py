"""A base that writes what people wrote: what of it reaches a reader, over the real sample."""

from dataclasses import replace

import pytest

from assistant.app import open_assistant
from assistant.progress import Watcher
from assistant.records.turns import Turn
from assistant.settings import Settings
from assistant.turn.permissions import Writing
from evals.cases.cases import load
from guardrails.text import markers

EVERY = 3
"""Of the shipped cases with an answer, one in so many is asked."""


def plain(text: str) -> str:
    return " ".join(markers.strip(text).split())


@pytest.mark.slow
@pytest.mark.long
async def test_a_good_writers_answers_reach_the_reader_whole(endpoint, tmp_path, cache_dir):
    cases = [c for c in load() if c.behaviour == "answer" and not c.history][::EVERY]
    said = {case.question: case.reference for case in cases}

    def write(messages):
        asked = messages[-1]["content"]
        return next((text for question, text in said.items() if question in asked), "Scripted.")

    endpoint.script = write
    settings = Settings(
        data_dir=tmp_path,
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
    )
    whole, lost = 0, []
    async with open_assistant(settings, Watcher()) as opened:
        assistant = replace(opened, writing=Writing("never"))
        for case in cases:
            before = len(endpoint.asked)
            events = [event async for event in assistant.answer(case.question)]
            turn = events[-1]
            assert isinstance(turn, Turn)
            if len(endpoint.asked) == before:
                continue  # selection asks back or abstains: nobody writes
            if plain(turn.answer) == plain(case.reference):
                whole += 1
            else:
                lost.append(case.id)
    assert whole + len(lost) >= 50
    assert whole >= 0.9 * (whole + len(lost)), lost
