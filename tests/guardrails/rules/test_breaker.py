from datetime import timedelta

from guardrails.rules.breaker import Breaker
from guardrails.rules.policy import Policy
from tests.guardrails.conftest import START

POLICY = Policy(breaker_failures=3, breaker_window=4, breaker_pause_s=60, breaker_longest_s=200)


def after(failures: str, breaker: Breaker | None = None, now=START) -> Breaker:
    """x is a failure, . a success."""
    breaker = breaker or Breaker()
    for sign in failures:
        breaker = breaker.after("down" if sign == "x" else "", POLICY, now)
    return breaker


def test_k_of_the_last_m_open_it():
    assert after("xx..xx..").opened is None
    assert after("x.xx").opened == START
    assert not after("x.xx").allows(POLICY, START)


def test_one_probe_at_a_time_when_the_pause_is_over():
    breaker = after("xxx")
    later = START + timedelta(seconds=60)
    assert breaker.allows(POLICY, later)
    probing = breaker.probe(later)
    assert not probing.allows(POLICY, later + timedelta(seconds=59))
    assert probing.allows(POLICY, later + timedelta(seconds=60))  # that probe never came back
    assert probing.after("", POLICY, later) == Breaker()


def test_a_failed_probe_doubles_the_pause_up_to_the_longest():
    breaker, now, pauses = after("xxx"), START, []
    for _ in range(4):
        pauses.append(breaker.pause(POLICY).total_seconds())
        now += breaker.pause(POLICY)
        breaker = breaker.probe(now).after("down", POLICY, now)
    assert pauses == [60, 120, 200, 200]
