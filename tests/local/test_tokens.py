"""States of tokens, and the likeness that selection makes of them, with the real model."""

import threading
from hashlib import sha256

import numpy as np
import pytest

from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.likeness import likeness, read_as
from assistant.local import tokens
from assistant.local.tokens import MOST_PASSAGE, MOST_QUESTION, TokenStates

RESET = "How do I reset my password?. Open Settings, choose Security and follow the link."
INVOICE = "Where are my invoices?. Owners find every invoice under Plan and billing."


@pytest.fixture(scope="module")
def states():
    return TokenStates()


def test_the_files_are_the_ones_that_were_measured():
    for line in (tokens.HERE / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert sha256((tokens.HERE / name).read_bytes()).hexdigest() == digest, name


def test_states_are_unit_vectors_and_words_in_each_passage_weigh_less(states):
    asked = states.question("what does the retention policy say")
    assert asked.states.shape == (len(asked.weights), 384)
    assert np.allclose(np.linalg.norm(asked.states, axis=1), 1, atol=1e-5)
    the, rare = asked.weights[2], asked.weights[3:].max()
    assert the < 1.5
    assert rare > 5


@pytest.mark.parametrize("text", ["", " ", "?", "😀", "\0", "日本語", "­", "a" * 5000, "x " * 3000])
def test_any_text_can_be_read(states, text):
    asked, held = states.question(text), states.passage(text)
    assert 0 < len(asked.weights) <= MOST_QUESTION
    assert 0 < len(held.weights) <= MOST_PASSAGE
    assert np.isfinite(asked.states).all()
    found = likeness(asked, held)
    assert -1 <= found.window <= found.whole + 1e-6 <= 1.001


def test_most_questions_are_nearest_to_the_passage_that_answers_them_across_words_and_languages(
    states,
):
    passages = (
        RESET,
        INVOICE,
        "How do I invite a colleague?. Choose Members, then Invite, and type the address.",
        "How long is data kept?. Raw events are stored for 25 months, reports until you leave.",
    )
    asked = {
        "i forgot what i log in with and want a new password": 0,
        "mein kennwort geht nicht mehr": 0,
        "our bookkeeper wants last month's bill": 1,
        "wo finde ich die rechnung": 1,
        "somebody new joined our team, how do they get access": 2,
        "wie hole ich jemanden ins team": 2,
        "when do you erase old numbers": 3,
        "wie lange speichert ihr das": 3,
    }
    right = 0
    for question, answer in asked.items():
        said = states.question(question)
        found = [likeness(said, states.passage(passage)).whole for passage in passages]
        right += int(np.argmax(found)) == answer
    assert right >= 6


def test_a_window_says_no_more_than_the_whole(states):
    passage = states.passage(f"{INVOICE} " * 6 + RESET)
    found = likeness(states.question("password reset link"), passage)
    assert found.window <= found.whole + 1e-6


def test_a_passage_is_read_once_and_by_several_threads_alike(states):
    first = states.passage(RESET)
    assert states.passage(RESET) is first
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(states.question("reset my password")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert all(np.array_equal(one.states, seen[0].states) for one in seen)


def test_what_is_read_of_a_passage_begins_with_its_names():
    entry = Chunk(
        *("root", "s", ("Service level",), "**How fast** we answer.", "en"),
        kind=Kind.GLOSSARY,
        audience="public",
        names=("Service level", "SLA"),
    )
    assert read_as(entry) == "Service level (SLA). How fast we answer."
    page = Chunk(
        *("root", "guide.md", ("Guide", "Time zone"), "Under Settings.", "en"),
        kind=Kind.PAGE,
        audience="public",
    )
    assert read_as(page) == "Time zone. Under Settings."
