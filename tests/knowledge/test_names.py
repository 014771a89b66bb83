from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.names import LONGEST, candidates, folded, lookup_names


def entry(*names: str, language: str = "en") -> Chunk:
    return Chunk("r", "s", (names[0],), "text", language, Kind.GLOSSARY, "public", names=names)


def asked(question: str) -> dict[str, frozenset[int]]:
    return dict(candidates(question))


def test_a_name_is_compared_without_case_hyphens_and_endings():
    assert folded("Fine-Tuned Models", "en") == folded("fine tuned model", "en")
    assert folded("Modelle", "de") == folded("Modellen", "de")


def test_names_that_fold_to_the_same_or_to_nothing_are_stored_once_or_not():
    assert lookup_names(entry("Pod", "pods", "…", "Kubernetes pod")) == ["pod", "kubernet pod"]


def test_a_question_names_an_entry_in_either_language():
    runs = asked("Was bedeuten negative-transfers genau?")
    assert runs[folded("Negative transfer", "en")] == {2, 3}
    for name in lookup_names(entry("Vertrag", language="de")):
        assert name in asked("What is in the Verträgen?")


def test_names_up_to_the_longest_are_looked_for():
    longest = " ".join(f"wort{i}" for i in range(LONGEST))
    assert folded(longest, "de") in asked(f"Was ist {longest}?")
    assert folded(f"{longest} mehr", "de") not in asked(f"Was ist {longest} mehr?")


def test_an_empty_question_names_nothing():
    assert asked(" ?! ") == {}
