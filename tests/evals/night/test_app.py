from assistant.settings import EvalSettings, JudgeSettings, Settings
from evals.app import judged_by_base, patient


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
    assert patient(own).judge.score_timeout_s > own.judge.score_timeout_s


def test_limits_that_the_settings_name_hold():
    own = Settings(judge=JudgeSettings(weights="qwen2.5-coder-1.5b-instruct", timeout_s=7))
    assert patient(own).judge.timeout_s == 7
    assert patient(own).judge.score_timeout_s == 17.5


def test_a_judge_at_an_endpoint_keeps_its_limits():
    remote = Settings(judge=JudgeSettings(base_url="http://127.0.0.1:1/v1", model="m"))
    assert patient(remote) == remote
    assert remote.judge.score_timeout_s == 300
