from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.attack.attack import AttackPlan, attack
from guardrails.attack.catalogue import BY_NAME
from guardrails.attack.certificate import (
    ATTACK,
    Certificate,
    CertificateFinding,
    certified,
    gate_version,
    refusal,
    rules_of,
    scorers_of,
    versions,
)
from guardrails.attack.streams import Size
from guardrails.decisions import replay
from guardrails.gate import Gate
from guardrails.monitor import MEASURE, Monitor
from guardrails.pairs import scored
from guardrails.rules.policy import FAMILIES, Policy
from guardrails.rules.version import version
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.types import Pair, Pin, Stage
from tests.guardrails.attack.made import case, material
from tests.guardrails.conftest import START, Stream

AT = datetime(2026, 1, 2, tzinfo=UTC)
HOLE = CertificateFinding("half-facts", "complete", "en", "missed", (1.0, 0.3), None, 0.9)
SEEN = CertificateFinding("word-salad", "form", "en", "noticed", (), 40.0, 0.0)
GERMAN = CertificateFinding("word-salad", "form", "de", "not measured")
CERTIFICATE = Certificate(
    AT,
    {"quality": "1"},
    "gate-1",
    "cases-1",
    ATTACK,
    "made up",
    (HOLE, SEEN, GERMAN),
    rules_of(Policy()),
)
NOW = {"quality": "1"}


@pytest.mark.parametrize(
    ("held", "scorers", "gate", "language", "families", "why"),
    [
        (CERTIFICATE, NOW, "gate-1", "en", FAMILIES, "the measure does not notice half-missing"),
        (CERTIFICATE, NOW, "gate-1", "de", FAMILIES, ""),
        (CERTIFICATE, NOW, "", "de", FAMILIES, ""),
        (CERTIFICATE, NOW, "gate-1", "en", ("form",), ""),
        (CERTIFICATE, NOW, "gate-1", "en", (), ""),
        (None, NOW, "gate-1", "en", (), ""),
        (None, NOW, "gate-1", "en", FAMILIES, "has not been attacked; run"),
        (CERTIFICATE, NOW, "gate-1", "fr", FAMILIES, "not been attacked in the language fr"),
        (
            CERTIFICATE,
            {"quality": "2"},
            "",
            "de",
            FAMILIES,
            "another version of quality (1, now 2)",
        ),
        (CERTIFICATE, {"judge": "2"}, "", "de", FAMILIES, "version of judge (none, now 2)"),
        (CERTIFICATE, {}, "", "de", FAMILIES, "another set of scorers"),
        (CERTIFICATE, NOW, "gate-2", "de", FAMILIES, "(gate-1, now gate-2)"),
        (replace(CERTIFICATE, attack="0"), NOW, "", "de", FAMILIES, "another set of harms (0)"),
    ],
)
def test_who_may_rise(held, scorers, gate, language, families, why):
    said = refusal(held, scorers, gate, language, families)
    assert (why in said) if why else not said


def test_what_was_attacked_at_other_settings_proves_nothing():
    loose = rules_of(Policy(tolerance=0.5))
    assert "another tolerance, margins or rule" in refusal(
        CERTIFICATE, NOW, "", "de", FAMILIES, loose
    )
    assert not refusal(CERTIFICATE, NOW, "", "de", FAMILIES, rules_of(Policy(strengths=3)))


@given(
    st.lists(
        st.builds(
            CertificateFinding,
            st.sampled_from(sorted(BY_NAME)),
            st.sampled_from(FAMILIES),
            st.sampled_from(["en", "de", "*"]),
            st.sampled_from(["noticed", "undecided", "missed", "not measured"]),
        ),
        min_size=1,
    )
)
def test_a_certificate_reads_as_it_was_written_and_more_families_never_let_more_rise(findings):
    held = replace(CERTIFICATE, findings=tuple(findings))
    assert Certificate.of(held.plain()) == held
    assert replace(held, at=AT + timedelta(days=1)).id == held.id
    for language in ("en", "de"):
        few = len(held.holes(language, FAMILIES[:2]))
        assert few <= len(held.holes(language, FAMILIES))


def test_a_store_keeps_certificates_and_the_newest_counts(store):
    with store.transaction() as ledger:
        assert ledger.certificate() is None
        ledger.put_certificate(CERTIFICATE)
        ledger.put_certificate(replace(CERTIFICATE, gate="gate-2"))
    with store.reading() as ledger:
        assert ledger.certificate() == replace(CERTIFICATE, gate="gate-2")


def parts(policy: Policy, scorers: dict[str, str]) -> str:
    return version(
        candidate="c", base="b", scorers=scorers, prompt="p", selection="s", policy=policy
    )


@pytest.fixture
def asking(store) -> Stream:
    policy = Policy(min_pairs=20, wait_s=3600, families=FAMILIES)
    return Stream(Monitor(store, policy, gate="gate-1"), version=parts(policy, NOW))


def alarms(stream: Stream) -> list[tuple[str, str]]:
    with stream.monitor.store.reading() as ledger:
        return [(alarm.kind, alarm.message) for alarm in ledger.alarms(raised_only=True)]


def certify(stream: Stream, held: Certificate) -> None:
    with stream.monitor.store.transaction() as ledger:
        ledger.put_certificate(held)


def test_nobody_rises_in_a_language_in_which_the_measure_is_blind(asking):
    certify(asking, CERTIFICATE)
    assert asking.feed("support/en", 0.3, until=120) == []
    ((kind, message),) = alarms(asking)
    assert kind == f"{MEASURE}/en"
    assert "does not notice half-missing answers" in message
    rises = asking.feed("support/de", 0.3)
    assert [d.after for d in rises] == [Stage.CANARY]
    assert len(alarms(asking)) == 1, "what German shows says nothing of English"
    back = asking.feed("support/en", -0.9)
    assert back[-1].after is Stage.ROUTED_BACK, "what is worse is routed back all the same"


def test_a_new_certificate_lets_rise_and_the_decision_replays(asking):
    assert asking.feed("support/en", 0.3, until=120) == []
    assert "has not been attacked" in alarms(asking)[0][1]
    certify(asking, replace(CERTIFICATE, findings=(SEEN,)))
    (decision,) = asking.feed("support/en", 0.3, until=1)
    assert decision.after is Stage.CANARY
    assert alarms(asking) == []
    with asking.monitor.store.reading() as ledger:
        again = replay(decision, ledger.pairs)
    assert again is not None
    assert again.record() == decision.record()
    assert decision.inputs["policy"]["families"] == list(FAMILIES)


def test_a_person_may_pin_on_record(asking):
    certify(asking, CERTIFICATE)
    asking.feed("support/en", 0.3, until=1)
    pin = Pin("ada", "we read the answers ourselves")
    decision = asking.monitor.pin("tuned", "support/en", Stage.SERVING, pin, asking.now)
    assert (decision.after, decision.by) == (Stage.SERVING, "ada")


def test_records_without_families_are_as_they_were():
    assert "families" not in Policy().plain()
    named = Policy(families=("facts",))
    assert Policy.of(named.plain()) == named
    assert Policy.of(Policy().plain()) == Policy()
    with pytest.raises(ValueError, match="families are of facts"):
        Policy(families=("fun",))


def test_versions_of_scorers_stand_in_a_pairs_version():
    assert scorers_of(parts(Policy(), {"fast": "1-a", "judge": "2"})) == {
        "fast": "1-a",
        "judge": "2",
    }
    assert scorers_of('{"v":1}') == scorers_of("") == {}


@pytest.mark.slow
async def test_token_overlap_alone_blocks_a_promotion_through_the_real_monitor(store):
    """A writer of word salad scores well by token overlap: the pairs let it rise, nobody does."""
    scorer, gate = TokenOverlap(), Gate(Fast(live=True))
    policy = Policy(metrics=(scorer.name,), min_pairs=20, families=FAMILIES)
    held = material()
    plan = AttackPlan(
        bases=("references",), languages=("en", "de"), shares=(1.0, 0.3), size=Size(4, 300)
    )
    result = await attack(
        held, [scorer], gate, policy, plan, versions([scorer], gate, held, policy)
    )
    assert result.exit_code == 1
    found = certified(result, AT)
    assert found.holes("en", FAMILIES)
    monitor = Monitor(store, policy, gate=gate_version(gate, ""))
    pair_version = parts(policy, {scorer.name: scorer.version})
    salad = BY_NAME["word-salad"].make

    async def pairs(language: str, name: str):
        for number in range(150):
            one = case(language, number)
            sides = salad(one, one.reference, (), 0)
            assert sides is not None
            before, after = [await scored([scorer], one.sample(text), 5.0) for text in sides]
            at = START + timedelta(minutes=number)
            yield Pair(
                f"{name}-{number}", name, f"support/{language}", at, pair_version, before, after
            )

    trusting = Monitor(store, replace(policy, families=()))
    risen = [d async for p in pairs("en", "trusted") for d in trusting.observe(p, {})]
    assert [d.after for d in risen] == [Stage.CANARY, Stage.SERVING]
    with store.transaction() as ledger:
        ledger.put_certificate(found)
    held_back = [d async for p in pairs("en", "salad") for d in monitor.observe(p, {})]
    assert held_back == []
    with store.reading() as ledger:
        (alarm,) = ledger.alarms(raised_only=True)
    assert "salad rise in support/en" in alarm.message
    assert "does not notice" in alarm.message
