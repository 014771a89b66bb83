from assistant.settings import EvalSettings, GuardSettings, JudgeSettings, Settings
from evals.app import judged_by_base, judgement_s, patient


def test_base_judges_only_what_its_weights_are_fit_for():
    settings = judged_by_base(Settings())
    assert settings.judge.weights == Settings().engine.model
    assert settings.evals.judge_metrics == ("factual_correctness",)


def test_metrics_that_the_settings_name_are_judged_all_the_same():
    named = EvalSettings(judge_metrics=("faithfulness", "factual_correctness"))
    assert judged_by_base(Settings(evals=named)).evals.judge_metrics == named.judge_metrics


def test_weights_on_this_machine_are_given_time():
    own = judged_by_base(Settings())
    assert patient(own).judge.timeout_s > own.judge.timeout_s
    assert judgement_s(own, own_engine=True) > own.guard.score_timeout_s


def test_limits_that_the_settings_name_hold():
    own = Settings(
        judge=JudgeSettings(weights="qwen2.5-coder-1.5b-instruct", timeout_s=7),
        guard=GuardSettings(score_timeout_s=9),
    )
    assert patient(own).judge.timeout_s == 7
    assert judgement_s(own, own_engine=True) == 9


def test_a_judge_at_an_endpoint_keeps_its_limits():
    remote = Settings(judge=JudgeSettings(base_url="http://127.0.0.1:1/v1", model="m"))
    assert patient(remote) == remote
    assert judgement_s(remote, own_engine=False) == remote.guard.score_timeout_s
