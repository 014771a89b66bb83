"""Questions of near words are never one gap. ``benchmarks/gaps`` holds 330 made ones."""

import json

import numpy as np
import pytest

from assistant.curation.clusters import AskedText, differs, grouped
from benchmarks.gaps.gap_clusters import OWN, purity, texts

ROWS = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("How do I cancel my plan?", "How do I pause my plan?", "contrast"),
        ("Wie exportiere ich Kontakte?", "Wie importiere ich Kontakte?", "contrast"),
        ("What is overfitting?", "What is underfitting?", "contrast"),
        ("What does E-113 mean?", "What does E-114 mean?", "number"),
        ("Wie schalte ich den Ton ein?", "Wie schalte ich den Ton aus?", "opposite"),
        ("Why can I see the price?", "Why can't I see the price?", "opposite"),
        ("Move from Basic to Pro", "Move from Pro to Basic", "order"),
        ("How do I reset my password?", "how do i reset my pasword", ""),
        ("Kann ich Rechnungen exportieren?", "Rechnung exportieren", ""),
    ],
)
def test_words_say_what_cosines_do_not(one, other, why):
    assert differs(one, other, same_language=True) == why
    assert differs(other, one, same_language=True) == why


@pytest.mark.parametrize("part", ["held", "fresh", "last"])
def test_made_questions_are_told_apart(part, embedder):
    rows = [row for row in ROWS if row["fold"] == part]
    items = texts(rows, embedder)
    groups = grouped(items, {})
    assert purity(rows, groups) >= 0.98
    assert len(set(groups.values())) < 0.65 * len(rows)  # and not each by itself
    assert grouped(items, {}) == groups
    for near in ("Wie", "How", "What", "Was"):
        apart = [i for i in items if i.text.startswith(near)]
        assert apart


def test_a_new_question_joins_what_there_is_and_moves_nothing():
    def asked(name: str, angle: float, text: str) -> AskedText:
        return AskedText(name, text, "en", np.array([np.cos(angle), np.sin(angle)]))

    known = {"gap-a": [asked("1", 0.0, "swim pool")], "gap-b": [asked("2", 1.5, "tower height")]}
    new = [asked("3", 0.1, "swim pools"), asked("4", 0.8, "bread"), asked("5", 0.0, "swim lakes")]
    groups = grouped(new, known)
    assert groups["3"] == "gap-a"
    assert groups["4"] not in known
    assert groups["5"] not in known  # as near as can be, and another word
