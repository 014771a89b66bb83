"""What can be decided without torch: split, replay, plan, rate, names, prompts, card."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import TrainingDataError, TuningError
from assistant.knowledge.documents import Kind
from assistant.local.catalogue import CATALOGUE
from assistant.progress import Watcher
from assistant.tuning import base as bases
from assistant.tuning import examples, replay
from assistant.tuning.adapter import served
from assistant.tuning.architecture import LINEAR, Architecture, torch_name
from assistant.tuning.base import Base
from assistant.tuning.card import AuditNote, verdict_of
from assistant.tuning.examples import Example
from assistant.tuning.recipe import Recipe, exhausted, plan, rate
from assistant.tuning.split import held_out
from assistant.tuning.tokens import messages
from assistant.turn import prompts
from guardrails.types import Text
from tests.tuning.conftest import entry, write_rows
from tests.tuning.tiny import write_model


def example(number: int, question: str = "", **more) -> Example:
    return Example(f"e-{number}", number, "en", question or f"Question {number}?", "A.", **more)


# --- the split

MANY = [example(n) for n in range(40)]


def test_the_share_of_questions_is_held_out_and_nothing_is_lost():
    kept, away = held_out(MANY, 0.1, seed=1)
    assert len(away) == 4
    assert sorted([*kept, *away], key=lambda e: e.line) == MANY
    assert held_out(MANY, 0.0, seed=1) == (MANY, [])


def test_spellings_of_one_question_stay_on_one_side():
    twins = [example(100 + n, f"  QUESTION {n} ") for n in range(40)]
    kept, away = held_out([*MANY, *twins], 0.25, seed=3)
    learned = {e.question.strip(" ?").casefold() for e in kept}
    assert len(away) == 20
    assert all(e.question.strip(" ?").casefold() not in learned for e in away)


def test_the_split_depends_on_the_seed_and_not_on_the_order():
    away = {e.id for e in held_out(MANY, 0.2, seed=1)[1]}
    assert {e.id for e in held_out(MANY[::-1], 0.2, seed=1)[1]} == away
    assert {e.id for e in held_out(MANY, 0.2, seed=2)[1]} != away


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_questions_leave_something_to_learn(count):
    kept, away = held_out(MANY[:count], 0.5, seed=1)
    assert kept
    assert len(away) == (1 if count > 1 else 0) or count == 3


# --- replay

ENTRIES = [
    entry(f"Term {n}", f"Term {n} is a **thing**. It has {n} parts! A third sentence.")
    for n in range(6)
]


def test_replay_makes_its_share_of_all_examples():
    assert replay.count(90, 0.1) == 10
    assert replay.count(100, 0.5) == 100
    assert replay.count(100, 0.0) == 0


def test_a_replayed_answer_is_the_entry_and_cites_it():
    [made] = replay.replayed(ENTRIES[:1], 1, seed=0)
    assert made.question == "What is Term 0?"
    assert made.answer == "Term 0 is a thing [1]. It has 0 parts [1]!"
    assert made.passages == (Text(ENTRIES[0].text, "en", "Term 0", curated=True),)
    assert made.id.startswith(replay.PREFIX)


def test_every_entry_is_asked_once_before_one_is_asked_again():
    made = replay.replayed(ENTRIES, 9, seed=4)
    assert {e.passages[0].title for e in made[:6]} == {c.title for c in ENTRIES}
    assert len({(e.question, e.passages[0].title) for e in made}) == 9
    assert replay.replayed(ENTRIES[::-1], 9, seed=4) == made
    assert replay.replayed(ENTRIES, 9, seed=5) != made


def test_replay_asks_answered_questions_in_their_own_words():
    faq = entry("Wie geht das?", "So geht das.", language="de", kind=Kind.FAQ)
    assert [e.question for e in replay.replayed([faq], 2, seed=0)] == [
        "Wie geht das?",
        "another Wie geht das?",
    ]


def test_prose_is_not_replayed_and_too_little_knowledge_is_said():
    page = entry("Page", "Text.", kind=Kind.PAGE)
    with pytest.raises(TuningError, match="6 entries, enough for 18 replayed examples; 19"):
        replay.replayed([*ENTRIES, page], 19, seed=0)


# --- plan, rate, patience


def test_every_epoch_sees_every_example_once_in_its_own_order():
    steps = plan(10, Recipe(epochs=2, accumulate=4, seed=9))
    assert [len(step) for step in steps] == [4, 4, 2, 4, 4, 2]
    first, second = sum(steps[:3], ()), sum(steps[3:], ())
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert plan(10, Recipe(epochs=2, steps=4, seed=9)) == plan(10, Recipe(epochs=2, seed=9))[:4]


def test_the_rate_rises_to_its_highest_and_falls_to_nearly_nothing():
    recipe = Recipe(learning_rate=1e-3, warm_up=0.2)
    rates = [rate(step, 20, recipe) for step in range(20)]
    assert math.isclose(max(rates), 1e-3)
    assert rates[:4] == sorted(rates[:4])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert 0 < rates[-1] < 1e-4


@pytest.mark.parametrize(
    ("losses", "over"),
    [([3, 2, 1], False), ([1, 2], False), ([1, 2, 2], True), ([2, 3, 1], False), ([1], False)],
)
def test_training_ends_after_measurements_that_are_no_better(losses, over):
    assert exhausted(losses, patience=2) is over


def test_a_recipe_outside_its_ranges_says_all_that_is_wrong():
    with pytest.raises(TuningError, match=r"rank is 0, .*hold_out is 0\.9, .*steps is 0") as caught:
        Recipe(rank=0, hold_out=0.9, steps=0)
    assert "--help" in caught.value.hint


def test_a_recipe_says_what_differs():
    recipe = Recipe(rank=4)
    assert recipe.differences(asdict(recipe)) == []
    assert recipe.differences(asdict(replace(recipe, rank=8))) == ["rank: 8 before, 4 now"]


# --- names and order of tensors


def test_the_order_of_rows_is_undone_exactly_and_only_in_llama_queries_and_keys():
    rows = np.arange(32 * 3, dtype=np.float32).reshape(32, 3)
    llama = Architecture("llama", 1, 4, 2)
    for name in LINEAR:
        moved = llama.to_engine(name, rows)
        assert np.array_equal(llama.to_torch(name, moved), rows)
        assert (not np.array_equal(moved, rows)) == (name in {"attn_q", "attn_k"})
        assert np.array_equal(Architecture("qwen2", 1, 4, 2).to_engine(name, rows), rows)


def test_in_a_head_the_halves_are_interleaved():
    rows = np.arange(8)  # two heads of four
    assert Architecture("llama", 1, 2, 2).to_engine("attn_q", rows).tolist() == [
        *(0, 2, 1, 3),
        *(4, 6, 5, 7),
    ]


def test_tensors_of_other_families_are_refused():
    assert torch_name("blk.3.attn_q.bias") == ("model.layers.3.self_attn.q_proj.bias", "attn_q")
    assert torch_name("output.weight") == ("lm_head.weight", "output")
    with pytest.raises(TuningError, match=r"rope_freqs\.weight"):
        torch_name("rope_freqs.weight")
    with pytest.raises(TuningError, match="a gemma3 model") as caught:
        Architecture("gemma3", 1, 1, 1)
    assert "llama, qwen2" in caught.value.hint


@pytest.mark.parametrize(("architecture", "scaling"), [("gemma3", ""), ("llama", "yarn")])
def test_a_base_that_cannot_be_tuned_is_refused_and_leaves_nothing(tmp_path, architecture, scaling):
    path = write_model(tmp_path / "m.gguf", architecture, scaling=scaling)
    base = Base("m", path, "a" * 64)
    with pytest.raises(TuningError, match="cannot be tuned here"):
        bases.prepare(base, tmp_path, Watcher())
    assert not (tmp_path / "tuning" / ("a" * 12)).exists()


# --- prompts


def test_training_asks_as_the_product_asks_without_the_rules():
    passages = (Text("It is blue.", "en", "Colour"),)
    asked = example(1, "What colour?", passages=passages)
    short = messages(asked, Recipe())
    long = messages(asked, Recipe(rules=True))
    assert long == prompts.answer_messages("What colour?", passages, "en")
    assert short == long[-1:]


def test_without_passages_the_question_stands_as_it_is_behind_what_was_said():
    asked = example(1, "And now?", history=(("user", "Hi"), ("assistant", "Hello")))
    assert [(m["role"], m["content"]) for m in messages(asked, Recipe())] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "And now?"),
    ]


# --- the examples file


def test_bad_lines_are_all_said_and_nothing_is_learned(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"question": "q", "answer": "a"}\nno\n{"question": "q"}\n')
    with pytest.raises(TrainingDataError, match="has 2 lines .*line 2: .*line 3: answer"):
        examples.read(path).sound()


def test_every_shape_of_example_is_read(tmp_path):
    rows = [
        {"question": "q", "answer": "a", "passages": ["p"]},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
        {"prompt": "q", "completion": "a"},
        {"instruction": "q", "output": "a", "input": "p"},
    ]
    found = examples.read(write_rows(tmp_path / "t.jsonl", rows)).sound()
    assert [(e.question, e.answer, len(e.passages)) for e in found] == [
        ("q", "a", count) for count in (1, 0, 0, 1)
    ]


# --- card and serving


def report(path: Path, **content) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_a_verdict_is_read_only_from_a_report_about_this_data(tmp_path):
    path = report(tmp_path / "r.json", verdict="warn", data={"sha256": "ab"})
    assert verdict_of(path, "ab") == AuditNote("warn", "r.json")
    with pytest.raises(TuningError, match="about other data"):
        verdict_of(path, "cd")
    with pytest.raises(TuningError, match="not an audit report"):
        verdict_of(report(tmp_path / "x.json", verdict="good"), "ab")


def test_the_serving_command_names_every_folder_and_a_rank_that_is_served():
    line = served("org/model", 4, {"a": Path("/x/peft"), "a@0.5": Path("/x/peft@0.5")})
    assert line == (
        "vllm serve org/model --enable-lora --max-loras 2 --max-lora-rank 8 "
        "--lora-modules a=/x/peft a@0.5=/x/peft@0.5"
    )


def test_every_catalogue_model_names_its_full_precision_repository():
    assert all(weights.original and "GGUF" not in weights.original for weights in CATALOGUE)
