import pytest

from guardrails.router import route
from guardrails.types import Stage, Standing


def test_base_answers_when_no_candidate_is_configured():
    chosen = route("base", (), segment="glossary/en", conversation_id="c")
    assert (chosen.arm, chosen.reason) == ("base", "no candidate is configured")


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.ROUTED_BACK])
def test_an_unproven_candidate_never_answers(stage):
    standings = (Standing("tuned", stage, canary_share=1.0),)
    for number in range(200):
        chosen = route("base", standings, segment="s", conversation_id=str(number))
        assert chosen.arm == "base"


def test_a_serving_candidate_answers_before_one_in_canary():
    standings = (Standing("a", Stage.CANARY, canary_share=1.0), Standing("b", Stage.SERVING))
    assert route("base", standings, segment="s", conversation_id="c").arm == "b"


def test_a_conversation_keeps_its_arm():
    standings = (Standing("a", Stage.CANARY, canary_share=0.5),)
    for number in range(50):
        arms = {
            route("base", standings, segment="s", conversation_id=str(number)).arm for _ in range(5)
        }
        assert len(arms) == 1


def test_the_canary_gets_its_share_of_conversations():
    standings = (Standing("a", Stage.CANARY, canary_share=0.1),)
    hits = sum(
        route("base", standings, segment="s", conversation_id=f"conversation-{n}").arm == "a"
        for n in range(20_000)
    )
    assert abs(hits - 2_000) < 4.5 * (20_000 * 0.1 * 0.9) ** 0.5


@pytest.mark.parametrize("stage", Stage)
def test_the_quotation_is_never_routed_to_whatever_its_stage(stage):
    quote = Standing("quote", stage, canary_share=1.0, lower=0.9)
    for number in range(50):
        chosen = route("base", (quote,), segment="s", conversation_id=str(number))
        assert (chosen.arm, chosen.reason) == ("base", "no candidate is configured")
    served = Standing("tuned", Stage.SERVING, lower=0.0)
    assert route("base", (quote, served), segment="s", conversation_id="c").arm == "tuned"


def test_a_share_outside_the_unit_interval_is_refused():
    with pytest.raises(ValueError, match=r"share in \[0, 1\], got 1.5"):
        Standing("a", Stage.CANARY, canary_share=1.5)
