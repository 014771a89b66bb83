"""When a remote model counts as changed, and when a server is just not deterministic."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.arms.identity import MOST, UNSTEADY, WINDOW, Look, Sight, digest, taken

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def look(model="m", fingerprint="", **answers: str) -> Look:
    """Answers as words, one character for each try."""
    return Look(model, fingerprint, {name: tuple(tries) for name, tries in answers.items()})


def after(*looks: Look) -> tuple[Sight, list[str]]:
    sight, said = Sight("pinned"), []
    for number, one in enumerate(looks):
        sight, what = taken(sight, one, NOW + timedelta(hours=number))
        said.append(what)
    return sight, said


def test_the_first_look_learns_and_changes_nothing():
    sight, said = after(look(one="aaa", two="abc"))
    assert said == [""]
    assert sight.answers == {"one": "a", "two": UNSTEADY}
    assert (sight.epoch, sight.models) == ("", ("m",))


def test_the_same_answers_are_the_same_model():
    sight, said = after(look(one="aaa"), look(one="a"), look(one="a"))
    assert said == ["", "", ""]
    assert sight.epoch == ""


def test_other_answers_that_are_steady_are_another_model():
    sight, said = after(look(one="aaa", two="bbb"), look(one="ccc", two="b"))
    assert said[1] == "1 of 2 probe questions are answered otherwise"
    assert sight.epoch.startswith("1-")
    assert sight.answers == {"one": "c", "two": "b"}
    assert [what for _, what in sight.changes] == [said[1]]


def test_another_name_is_another_model_and_back_again_is_a_third():
    sight, said = after(look("m-1", one="aaa"), look("m-2", one="a"), look("m-1", one="a"))
    assert said[1:] == ["it calls itself m-2, before m-1", "it calls itself m-1, before m-2"]
    assert sight.epoch.startswith("2-")


def test_a_question_that_varies_counts_no_more():
    """The first look was lucky; afterwards the server answers now so, now so."""
    sight, said = after(look(one="aaa"), look(one="bab"), look(one="ccc"), look(one="ddd"))
    assert said == [""] * 4
    assert sight.answers == {"one": UNSTEADY}
    assert not sight.steady


def test_a_new_fingerprint_counts_only_where_answers_cannot_tell():
    _, said = after(look(fingerprint="f1", one="aaa"), look(fingerprint="f2", one="a"))
    assert said[1] == ""
    _, said = after(look(fingerprint="f1", one="abc"), look(fingerprint="f2"))
    assert said[1] == "its fingerprint is f2, before f1"


def test_fingerprints_that_come_and_go_are_known():
    sight, said = after(
        *(look(fingerprint=f"f{n % 2}", one="aaa"[: 3 - 2 * bool(n)]) for n in range(9))
    )
    assert set(said) == {""}
    assert not sight.news("m", "f0")
    assert sight.news("m", "f9")
    assert sight.news("other", "")


def test_a_server_that_changes_all_the_time_does_not_restart_evidence_for_ever():
    sight, said = after(*(look(one=chr(97 + n) * 3) for n in range(20)))
    assert sum(map(bool, said)) == MOST
    assert sight.missed == 19 - MOST
    later, what = taken(sight, look(one="zzz"), NOW + WINDOW + timedelta(days=1))
    assert what  # a month later a change counts again
    assert later.epoch != sight.epoch


def test_it_is_kept_as_plain_values():
    sight, _ = after(look(one="aaa", fingerprint="f"), look(one="bbb"))
    assert Sight.of(sight.plain()) == sight


def test_space_does_not_make_another_answer():
    assert digest(" one,  two\n") == digest("one, two")
    assert digest("one") != digest("two")


def test_changes_that_a_wrong_clock_dated_ahead_do_not_hide_a_new_one():
    ahead = (NOW + timedelta(days=3650)).isoformat()
    sight = replace(
        taken(Sight(), Look("m", "", {"q": ["a"]}), NOW)[0], changes=((ahead, "x"),) * MOST
    )
    _, what = taken(sight, Look("m", "", {"q": ["b", "b"]}), NOW)
    assert "answered otherwise" in what
