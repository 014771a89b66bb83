"""The checker of near-copies: its files, what it marks, and that it is what was trained."""

import json
import threading
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from assistant.local import checker
from assistant.local.checker import MOST_PASSAGE, NearCopies, asked_first, plain
from guardrails.scorers.models import Checker

PACK = Path(__file__).parent / "checker_pack.json"
EXPORT = "Reports are kept for 25 months. Owners can export them as CSV under Settings."
BERICHT = (
    "Berichte werden 25 Monate lang aufbewahrt. Inhaber können sie unter Einstellungen exportieren."
)


@pytest.fixture(scope="module")
def near_copies():
    return NearCopies()


def marked(check, sentence):
    return " ".join(sentence[wrong.start : wrong.end] for wrong in check.wrong)


def test_the_files_are_the_ones_that_were_measured():
    for line in (checker.HERE / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert sha256((checker.HERE / name).read_bytes()).hexdigest() == digest, name
    assert checker.MODEL.stat().st_size < 45e6


def test_what_is_shipped_says_what_training_said(near_copies):
    stored = json.loads(PACK.read_text(encoding="utf-8"))
    encode = near_copies._tokenizer.encode
    ids = [encode(text).ids for text in stored["claims"]]
    longest = max(map(len, ids))
    claims = np.array([[*one, *[1] * (longest - len(one))] for one in ids], np.int64)
    passage = np.array(encode(stored["passage"]).ids, np.int64)
    supported, wrong = near_copies.logits(passage, claims)
    assert np.abs(supported - stored["supported"]).mean() < 0.6
    there = claims != 1
    assert np.abs(wrong - np.array(stored["wrong"]))[there].mean() < 0.6
    sure = np.abs(np.array(stored["supported"])) > 1.5
    assert sure.any()
    assert ((supported > 0) == (np.array(stored["supported"]) > 0))[sure].all()


def test_the_graph_is_the_network():
    torch = pytest.importorskip("torch")
    from onnxruntime import InferenceSession

    from training.checker import export, model
    from training.checker.batch import batch, tokenizer
    from training.checker.packs import Claim, Pack

    random = torch.Generator().manual_seed(3)
    parameters = export.beginning(0)
    for name in filter(model.is_new, parameters):
        parameters[name] += 0.05 * torch.randn(parameters[name].shape, generator=random)
    claims = tuple(Claim(text, True, "", "en", ()) for text in export.CLAIMS)
    given = batch([Pack(EXPORT, "en", "", claims)], tokenizer()).batch
    with torch.no_grad():
        expected = model.forward(parameters, given)
    made = export.graph({name: one.numpy() for name, one in parameters.items()})
    session = InferenceSession(made.SerializeToString())
    feed = {"passage": given.passages[0].numpy(), "claims": given.claims.numpy()}
    for one, other in zip(session.run(None, feed), expected, strict=True):
        assert np.allclose(one, other.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("passage", "language", "right", "wrong", "altered"),
    [
        (EXPORT, "en", "Reports are kept for 25 months.", "Reports are kept for 52 months.", "52"),
        (
            EXPORT,
            "en",
            "Owners can export them as CSV under Settings.",
            "Owners cannot export them as CSV under Settings.",
            "cannot",
        ),
        (
            BERICHT,
            "de",
            "Berichte werden 25 Monate lang aufbewahrt.",
            "Berichte werden 52 Monate lang aufbewahrt.",
            "52",
        ),
        (
            BERICHT,
            "de",
            "Inhaber können sie unter Einstellungen exportieren.",
            "Inhaber können sie unter Einstellungen nicht exportieren.",
            "nicht",
        ),
    ],
)
def test_copies_pass_and_what_is_altered_is_marked(
    near_copies, passage, language, right, wrong, altered
):
    assert near_copies.check("", right, passage, language).supported > 0.5
    assert not near_copies.check("", right, passage, language).wrong
    found = near_copies.check("", wrong, passage, language)
    assert found.supported < 0.5
    assert altered in marked(found, wrong)


def test_an_altered_passage_makes_the_altered_sentence_right(near_copies):
    altered = EXPORT.replace("can export", "cannot export")
    negated, plain_ = "Owners cannot export them as CSV under Settings.", EXPORT.split(". ")[1]
    assert near_copies.check("", negated, altered, "en").supported > 0.5
    assert near_copies.check("", plain_, altered, "en").supported < 0.5


@pytest.mark.parametrize(
    ("question", "right", "wrong", "passage", "language"),
    [
        ("Can owners export reports as CSV?", "Yes.", "No.", EXPORT, "en"),
        ("Werden Berichte 25 Monate lang aufbewahrt?", "Ja.", "Nein.", BERICHT, "de"),
    ],
)
def test_a_bare_yes_or_no_claims_what_was_asked(
    near_copies, question, right, wrong, passage, language
):
    yes = near_copies.check(question, right, passage, language)
    no = near_copies.check(question, wrong, passage, language)
    assert yes.supported > no.supported
    assert all(0 <= one.start < one.end <= len(wrong) for one in no.wrong)


def test_the_question_is_read_before_a_yes_or_no_alone():
    assert asked_first("Can I export?", "No, you cannot.", "en") == "Can I export? "
    assert asked_first("kann ich exportieren", "Ja", "de") == "kann ich exportieren? "
    assert asked_first("Can I export?", "You can export.", "en") == ""
    assert asked_first("How do I export?", "Yes, you can.", "en") == ""
    assert asked_first("Can I export?", "No one can export.", "en") == ""
    assert asked_first("Was kostet das?", "Ja, 5 Euro.", "de") == ""
    assert asked_first("", "Yes.", "en") == ""


def test_marks_of_markdown_are_not_read_and_places_are_those_of_the_text(near_copies):
    text = "## Export\n- **Owners** can use `csv_file` under [Settings](https://a.b/c)."
    assert plain(text) == "Export\nOwners can use csv_file under Settings."
    assert plain("2 * 3 * 4 and snake_case_name") == "2 * 3 * 4 and snake_case_name"
    sentence = "**Reports** are kept for **52** months."
    found = near_copies.check("", sentence, EXPORT, "en")
    assert "52" in marked(found, sentence)


@pytest.mark.parametrize(
    "text", ["", " ", "?", "😀", "\0", "日本語", "­", "**", "a" * 5000, "x " * 3000, "Yes.", "\n\n"]
)
def test_any_text_can_be_read(near_copies, text):
    for question, sentence, passage in ((text, text, text), ("", EXPORT, text), ("", text, EXPORT)):
        found = near_copies.check(question, sentence, passage, "en")
        assert 0 <= found.supported <= 1
        ends = [0]
        for wrong in found.wrong:
            assert ends[-1] <= wrong.start < wrong.end <= len(sentence)
            assert 0 < wrong.probability <= 1
            ends.append(wrong.end)


def test_of_a_long_passage_the_part_with_the_words_is_read(near_copies):
    filler = "Members see every board of their team, and the newest board stands first. "
    passage = filler * 40 + EXPORT + " " + filler * 40
    ids = near_copies.window(passage, "Reports are kept for 25 months.")
    assert len(ids) <= MOST_PASSAGE
    assert "25 months" in near_copies._tokenizer.decode(ids.tolist())
    assert near_copies.check("", "Reports are kept for 25 months.", passage, "en").supported > 0.5


def test_several_threads_read_alike(near_copies):
    checks: Checker = NearCopies()
    sentence = "Reports are kept for 52 months."
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(checks.check("", sentence, EXPORT, "en")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [near_copies.check("", sentence, EXPORT, "en")] * 8
    assert checks.version == near_copies.version
