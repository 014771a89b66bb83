import pytest

from guardrails.text.reading import SAYS, claims, read


def turned(text, language):
    return {word.stem for word in read(text, language).words if word.turned}


def test_markers_list_numbers_and_headings_are_taken_off():
    answer = "## Steps\n1. Open the page [1].\n2) Save it [2, 3].\n- Done [1][2].\nStep 3: Go."
    assert claims(answer, "en") == [
        "Steps",
        "Open the page.",
        "Save it.",
        "Done.",
        "Go.",
    ]


def test_an_abbreviation_does_not_end_a_sentence():
    assert claims("Das gilt z. B. für Abos. Mehr nicht.", "de") == [
        "Das gilt z. B. für Abos.",
        "Mehr nicht.",
    ]


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("This is not possible.", "This is impossible.", "en"),
        ("You cannot cancel it.", "You can't cancel it.", "en"),
        ("The option is not enabled.", "The option is disabled.", "en"),
        ("Das ist nicht möglich.", "Das ist unmöglich.", "de"),
        ("Das Konto ist nicht gesperrt.", "Das Konto ist entsperrt.", "de"),
    ],
)
def test_two_ways_of_denying(one, other, language):
    assert turned(one, language)
    assert turned(one, language) == turned(other, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It is not only fast, it is cheap.", "en"),
        ("Es ist nicht nur schnell, sondern günstig.", "de"),
        ("The export works.", "en"),
    ],
)
def test_nothing_is_denied(text, language):
    assert not turned(text, language)


def test_a_denial_ends_with_its_clause():
    assert turned("It does not expire, but the code changes.", "en") == {"expir"}


def test_what_says_nothing():
    assert not read("You can do this as follows:", "en").claims
    assert not read("Das können Sie so machen:", "de").claims
    assert read("Choose Settings.", "en").claims
    assert read("It takes 5 minutes.", "en").claims


def test_words_with_a_sharp_s_are_known_like_any_other():
    closed, opened = (
        {(w.stem, w.turned) for w in read(text, "de").words}
        for text in ("Das Fenster schließen", "Das Fenster öffnen")
    )
    assert {stem for stem, _ in closed} == {stem for stem, _ in opened}
    assert closed != opened
    assert not any(word.weight >= SAYS for word in read("gemäß", "de").words)
