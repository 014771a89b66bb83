from assistant.settings import EvalSettings, Settings
from evals.parts import judged_by_base


def test_base_judges_only_what_its_weights_are_fit_for():
    settings = judged_by_base(Settings())
    assert settings.judge.weights == Settings().engine.model
    assert settings.evals.judge_metrics == ("factual_correctness",)


def test_metrics_that_the_settings_name_are_judged_all_the_same():
    named = EvalSettings(judge_metrics=("faithfulness", "factual_correctness"))
    assert judged_by_base(Settings(evals=named)).evals.judge_metrics == named.judge_metrics
