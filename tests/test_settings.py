import inspect
from pathlib import Path

import pytest

from assistant import settings
from assistant.arms.lineup import WAITING_PER_SLOT
from assistant.errors import SettingsError
from assistant.local.engine import PROMPT_CACHES
from assistant.records.questions import DAYS
from guardrails.gate import Gate


def test_defaults_need_no_key_and_stay_on_loopback():
    loaded = settings.load()
    assert loaded.server.loopback
    assert not loaded.remote_base
    assert loaded.server.keys == ()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch):
    (tmp_path / "routeback.toml").write_text("[server]\nport = 9000\nui_port = 9001\n")
    monkeypatch.setenv("ROUTEBACK_SERVER__PORT", "9100")
    loaded = settings.load()
    assert (loaded.server.port, loaded.server.ui_port) == (9100, 9001)


@pytest.mark.parametrize("url", ["postgresql://db:54a/kept", "postgresql://[::1/kept", "kept"])
def test_an_address_that_is_none_is_said_and_not_repeated(monkeypatch, url: str):
    monkeypatch.setenv("ROUTEBACK_DATABASE_URL", url.replace("db:", "u:secret@db:"))
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert "expected postgresql+psycopg://" in caught.value.message
    assert "secret" not in caught.value.message
    assert "54a" not in caught.value.message


def test_all_mistakes_are_reported_at_once(monkeypatch):
    monkeypatch.setenv("ROUTEBACK_SERVER__PORT", "http")
    monkeypatch.setenv("ROUTEBACK_ENGINE__SLOTS", "0")
    monkeypatch.setenv("ROUTEBACK_ENGIN__SLOTS", "1")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    message = caught.value.message
    assert message.startswith("3 settings are wrong")
    assert "server.port" in message
    assert "'http'" in message
    assert "engine.slots" in message
    assert "ROUTEBACK_ENGIN__SLOTS: no such setting" in message


def test_a_public_address_needs_keys_and_a_key_is_never_printed(monkeypatch):
    monkeypatch.setenv("ROUTEBACK_SERVER__HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match=r"server\.api_keys"):
        settings.load()
    monkeypatch.setenv("ROUTEBACK_SERVER__API_KEYS", "first-key, second-key")
    loaded = settings.load()
    assert loaded.server.keys == ("first-key", "second-key")
    assert "first-key" not in repr(loaded)


def test_a_public_address_may_be_for_the_page_alone(monkeypatch):
    monkeypatch.setenv("ROUTEBACK_SERVER__HOST", "0.0.0.0")
    monkeypatch.setenv("ROUTEBACK_SERVER__PAGE_KEY", "of-the-page")
    loaded = settings.load()
    assert loaded.server.keys == ()
    assert "of-the-page" not in repr(loaded)


def test_openai_variables_alone_make_base_remote(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    loaded = settings.load()
    assert loaded.remote_base
    assert "sk-secret" not in repr(loaded)
    monkeypatch.setenv("ROUTEBACK_BASE", "embedded")
    assert not settings.load().remote_base


def test_remote_without_an_endpoint_is_refused(monkeypatch):
    monkeypatch.setenv("ROUTEBACK_BASE", "remote")
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        settings.load()


def test_the_hub_is_read_from_the_variables_that_others_use(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.com/")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    loaded = settings.load()
    store = loaded.weights_store()
    assert (store.hub, store.token, store.offline) == (
        "https://hub.example.com",
        "hf_secret",
        False,
    )
    assert "hf_secret" not in repr(loaded)
    monkeypatch.setenv("HF_ENDPOINT", "hub.example.com")
    with pytest.raises(SettingsError, match="HF_ENDPOINT") as caught:
        settings.load()
    assert "hf_secret" not in caught.value.message


def test_arms_come_from_the_file(tmp_path: Path):
    (tmp_path / "routeback.toml").write_text(
        '[[arms]]\nname = "support-tone"\nadapter = "tone.gguf"\nstrength = 0.5\n'
        '[[arms]]\nname = "big"\nbase_url = "http://127.0.0.1:1/v1"\nmodel = "m"\napi_key = "k"\n'
    )
    tone, big = settings.load().arms
    assert (tone.adapter, tone.strength) == (Path("tone.gguf"), 0.5)
    assert (big.model, big.base_url) == ("m", "http://127.0.0.1:1/v1")


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('[[arms]]\nname = "x"\n', "either an adapter or both base_url and model"),
        ('[[arms]]\nname = "x"\nadapter = "a"\nmodel = "m"\n', "not both"),
        ('[[arms]]\nname = "x"\nadapter="a"\n[[arms]]\nname = "x"\nadapter="b"\n', "used twice: x"),
        ('[[arms]]\nname = "No Spaces"\nadapter="a"\n', "arms.0.name"),
        ('[[arms]]\nname = "quote"\nadapter="a"\n', "the document's own words are called"),
        ('[[arms]]\nname = "quote@0.5"\nadapter="a"\n', "the document's own words are called"),
        ("port = 1\n", "port"),
        ("[server\n", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, toml, expected):
    (tmp_path / "routeback.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert expected in caught.value.message


def test_a_named_file_must_exist(monkeypatch):
    monkeypatch.setenv("ROUTEBACK_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        settings.load()


def test_the_variables_of_the_page_are_no_mistake(monkeypatch):
    monkeypatch.setenv("ROUTEBACK_API_URL", "http://127.0.0.1:8080")
    monkeypatch.setenv("ROUTEBACK_API_KEY", "k")
    assert settings.load().server.loopback


def test_what_is_no_longer_a_setting_is_named_and_does_nothing(tmp_path: Path, monkeypatch, caplog):
    (tmp_path / "routeback.toml").write_text(
        "[guard]\nalpha = 0.2\nmin_pairs = 70\nbreaker_failures = 3\nbreaker_window = 4\n"
        "[evals]\ndays = 7\n"
    )
    monkeypatch.setenv("ROUTEBACK_ENGINE__PROMPT_CACHES", "1")
    loaded = settings.load()
    named = [message.partition(" is no longer")[0] for message in caplog.messages]
    assert named == ["engine.prompt_caches", "guard.alpha", "guard.breaker_window", "evals.days"]
    assert caplog.messages[1] == (
        "guard.alpha is no longer a setting: it is always 0.05; remove the line "
        "(ROUTEBACK_GUARD__ALPHA in the environment)."
    )
    policy = loaded.guard.policy
    assert (policy.alpha, policy.min_pairs) == (0.05, 70)
    assert (policy.breaker_failures, policy.breaker_window) == (3, 6)


def test_what_is_no_longer_a_setting_hides_no_mistake(tmp_path: Path):
    (tmp_path / "routeback.toml").write_text("[guard]\nalpha = 0.2\nmin_pears = 70\n")
    with pytest.raises(SettingsError, match=r"guard\.min_pears") as caught:
        settings.load()
    assert "alpha" not in caught.value.message


def test_what_is_always_so_is_what_the_notice_says():
    loaded = settings.Settings()
    policy = loaded.guard.policy
    assert (policy.blind_share, policy.blind_window) == (0.3, 50)
    assert (policy.longest_wait_s, policy.breaker_longest_s) == (30 * 86_400, 3600)
    assert policy.breaker_window == 2 * loaded.guard.breaker_failures == 10
    assert loaded.judge.score_timeout_s == 2.5 * loaded.judge.timeout_s == 300
    assert inspect.signature(Gate).parameters["timeout_s"].default == 5
    assert (PROMPT_CACHES, WAITING_PER_SLOT, DAYS) == (4, 8, 30)


@pytest.mark.parametrize("name", ["ROUTEBACK_KEY", "ROUTEBACK_TEST_KEY", "ROUTEBACK_TEST_URL"])
def test_what_clients_of_a_server_read_is_no_mistake(name, monkeypatch):
    monkeypatch.setenv(name, "secret")
    assert settings.load().server.loopback
