"""Reasoning is told from the answer, however both are cut into pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.arms.endpoint.events import Events, Unreadable
from assistant.arms.endpoint.reasoning import Splitter
from assistant.arms.endpoint.reply import Filtered, Reply

ANALYSIS = "<|channel|>analysis<|message|>"
ASIDE = "<|start|>assistant<|channel|>commentary<|message|>"
FINAL = "<|start|>assistant<|channel|>final"
CASES = [
    ("<think>no</think>Yes.", "Yes."),
    ("<THINKING>no</Thinking>\n\nYes.", "\n\nYes."),
    ("Well. <reasoning>no</reasoning><answer>Yes.</answer>", "Well. Yes."),
    ("[THINK]no[/THINK]Yes [1].", "Yes [1]."),
    ("◁think▷no◁/think▷Yes.", "Yes."),
    ("<seed:think>no</seed:think>Yes.", "Yes."),
    ("<|START_THINKING|>no<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>", "Yes."),
    (f"{ANALYSIS}no</think> no<|end|>{FINAL}<|message|>Yes.<|return|>", "Yes."),
    (f"{ANALYSIS}no<|end|>{ASIDE}no<|end|>{FINAL} <|constrain|>x<|message|>Yes.", "Yes."),
    ("<|start|>assistant<|message|>Yes.<|end|>", "Yes."),
    ("<|channel>thought\nno\n<channel|>Yes.", "Yes."),
    ("<|inner_prefix|>no<|inner_suffix|>Yes.", "Yes."),
    ("<scratchpad>no</scratchpad>Yes.", "Yes."),
    ('<details type="reasoning" done="true"><summary>no</summary>no</details>Yes.', "Yes."),
    ("See <details>more</details> of it.", "See <details>more</details> of it."),
    ("Here is my thought process: no. Here is my response: Yes.", " Yes."),
    ("\nHere's my thought process:\nno\nHere's my response:\nYes.", "\n\nYes."),
    ("Steps. Here is my response: a.", "Steps. Here is my response: a."),
    ("You ask: Here is my thought process: a.", "You ask: Here is my thought process: a."),
    ("no, the user wants</think>Yes.", "Yes."),
    ("no[/THINK]Yes.", "Yes."),
    ("analysisno, the userassistantfinalYes.", "Yes."),
    ("<think>no", ""),
    ("<think>no <think> no</think>Yes.", "Yes."),
    ("<think></think>Yes.", "Yes."),
    ("A tag `<think>` is a < b, [1] and [TH or ◁.", "A tag `<think>` is a < b, [1] and [TH or ◁."),
    ("An assistant said a", "An assistant said a"),
    ("<|channel|>analysis no end of a head", ""),
]  # fmt: skip


def split(text: str, sizes: list[int], *, inside: bool = False) -> tuple[str, str]:
    splitter, answer, thought = Splitter(inside=inside), "", ""
    pieces, at = [], 0
    for size in [*sizes, len(text)]:
        pieces.append(text[at : at + size])
        at += size
    for part in [*map(splitter.feed, pieces), splitter.close()]:
        if part.stray:
            thought, answer = thought + answer, ""
        answer += part.answer
        thought += part.thought
    return answer, thought


@pytest.mark.parametrize(("text", "answer"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 1000])
def test_the_answer_is_what_is_left(text, answer, size):
    said, thought = split(text, [size] * len(text))
    assert said == answer
    assert "no" not in said or "`" in said
    assert ("no" in thought) == (text != answer and "no" in text)


@given(
    st.lists(st.sampled_from([*"ab <>/|[]◁`\n", "<think>", "</think>", "[THINK]", "[/THINK]",
                              "<|start|>", "<|channel|>", "final", "<|message|>", "<|end|>",
                              "Here is my thought process:", "Here is my response:",
                              '<details type="reasoning"', "</details>"]),
             max_size=30).map("".join),
    st.lists(st.integers(1, 6), max_size=60),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=500, deadline=None, derandomize=True)
def test_pieces_make_no_difference(text, sizes, inside):
    whole = split(text, [], inside=inside)
    assert split(text, sizes, inside=inside) == whole


def test_one_that_begins_inside_shows_nothing_before_its_end():
    assert split("no</think>Yes.", [3], inside=True) == ("Yes.", "no")
    assert split("no, and no end", [3], inside=True) == ("", "no, and no end")


def events(*pieces: bytes) -> list[object]:
    reader = Events()
    found = [event for piece in pieces for event in reader.feed(piece)]
    return found if reader.done else [*found, *reader.close()]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b'data: {"a": 1}\n\ndata: {"a": 2}\n\ndata: [DONE]\n\ndata: {"a": 3}\n\n', [1, 2]),
        (b': hello\r\n\r\nevent: x\r\ndata:{"a": 1}\r\nid: 7\r\n\r\n', [1]),
        (b'data: {"a":\ndata: 1}\n\n', [1]),
        (b'data: {"a": 1}', [1]),
        (b'\xef\xbb\xbf\n{"a": 1}\n', [1]),
        (b"", []),
    ],
)
def test_events_are_cut_from_bytes(size, wire, expected):
    found = events(*(wire[i : i + size] for i in range(0, len(wire), size)))
    assert [event["a"] for event in found] == expected


@pytest.mark.parametrize("wire", [b"data: {no\n\n", b"{no", b"data: \xff\n\n", b"data: x" * 10**6])
def test_what_is_no_reply_is_an_error(wire):
    with pytest.raises(Unreadable):
        events(wire)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"delta": None, "finish_reason": None}]},
        {"choices": [{"delta": {"content": None, "tool_calls": None}}]},
        {"choices": [{"delta": {"content": [None, 3, {"type": "image_url"}]}}], "usage": None},
        {"choices": [{"delta": "text", "finish_reason": ""}], "usage": 7, "error": None},
    ],
)
def test_events_that_say_nothing_are_taken(event):
    reply = Reply(10, unopened=False)
    assert reply.take(event) == ("", "")
    assert reply.finish is None


@pytest.mark.parametrize(
    "delta",
    [
        {"content": [{"type": "text", "text": "no", "thought": True}]},
        {"content": "<thought>no", "extra_content": {"google": {"thought": True}}},
    ],
)
def test_what_google_marks_as_thought_is_no_answer(delta):
    reply = Reply(10, unopened=False)
    assert reply.take({"choices": [{"delta": delta}]})[0] == ""
    assert reply.take({"choices": [{"delta": {"content": "</thought>Yes."}}]})[0] == "Yes."
    assert "no" in reply.thought


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *((none, None) for none in ("null", "", "None", None)),
        *(("tool_calls", "length"), ("function_call", "length"), ("STOP", "stop")),
    ],
)
def test_reasons_to_end(reason, finish):
    reply = Reply(10, unopened=False)
    reply.take({"choices": [{"delta": {"content": "A"}, "finish_reason": reason}]})
    assert reply.finish == finish


@pytest.mark.parametrize(
    "reason",
    ["content_filter: OTHER", "SPII", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST"],
)
def test_reasons_of_filters(reason):
    with pytest.raises(Filtered):
        Reply(10).take({"choices": [{"delta": {}, "finish_reason": reason}]})


def test_a_call_of_a_tool_is_a_cut_however_it_ends():
    reply = Reply(10, unopened=False)
    reply.take({"choices": [{"delta": {"content": "A", "tool_calls": [{"id": "1"}]}}]})
    reply.take({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    assert reply.finish == "length"
