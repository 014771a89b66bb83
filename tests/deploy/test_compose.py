"""deploy/compose: what Compose makes of it, and what may not be in it."""

import re

import pytest

from assistant.access.grants import ANYBODY
from assistant.settings import Settings, load
from tests.deploy.compose import FILLED, FOLDER, compose, environment, services
from tests.deploy.variables import is_read

OURS = ("api", "worker", "ui")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.?\d*[\w.-]*$")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return services(tmp_path_factory.mktemp("compose"), "vllm")


def test_all_parts_are_there_and_a_model_server_only_when_asked_for(tmp_path, whole):
    plain = {"balancer", "api", "worker", "ui", "postgres", "qdrant"}
    assert set(services(tmp_path)) == plain
    assert set(whole) == plain | {"vllm"}
    assert {name: whole[name]["deploy"]["replicas"] for name in ("api", "worker")} == {
        "api": 2,
        "worker": 2,
    }


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize("given", [None, ""])
def test_without_a_secret_nothing_starts_and_the_secret_is_named(tmp_path, name, given):
    left = {key: value for key, value in FILLED.items() if key != name}
    told = compose(tmp_path, left if given is None else left | {name: given})
    assert told.returncode != 0
    assert f"required variable {name} is missing a value" in told.stderr


def test_no_secret_has_a_value_of_its_own():
    text = (FOLDER / "compose.yaml").read_text()
    assert re.findall(r"\$\{\w*(?:PASSWORD|KEY|SECRET)\w*:?-[^}]+\}", text) == []


def test_the_example_names_what_must_be_filled_in_and_fills_in_nothing():
    lines = (FOLDER / "env.example").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and line[0] not in "# ")
    assert variables == dict.fromkeys(FILLED, "")


def test_the_balancer_alone_is_reached_from_outside_and_on_this_machine_alone(whole):
    published = {name: service["ports"] for name, service in whole.items() if "ports" in service}
    assert list(published) == ["balancer"]
    (port,) = published["balancer"]
    assert port["host_ip"] == "127.0.0.1"


def test_stores_are_reached_by_processes_alone(tmp_path, whole):
    for store in ("postgres", "qdrant"):
        assert list(whole[store]["networks"]) == ["data"]
    assert {name for name in whole if "data" in whole[name]["networks"]} == {
        *("api", "worker", "postgres", "qdrant")
    }
    assert list(whole["ui"]["networks"]) == ["edge"]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_can_write_nothing_but_their_volumes(whole, name):
    service = whole[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert "privileged" not in service
    assert "/data" in {volume["target"] for volume in service["volumes"]}


def test_two_replicas_share_weights_and_files_but_no_data_folder(whole):
    for name in ("api", "worker"):
        named = {volume["target"]: volume.get("source") for volume in whole[name]["volumes"]}
        assert named == {
            "/data": None,
            "/data/uploads": "uploads",
            "/data/adapters": "adapters",
            "/cache": "weights",
        }


def test_images_of_others_are_pinned(whole):
    images = {name: whole[name]["image"] for name in whole if name not in OURS}
    assert {name for name, image in images.items() if not PINNED.fullmatch(image)} == set()
    assert {whole[name]["image"] for name in OURS} == {"routeback:0.1.0"}


@pytest.mark.parametrize("name", ["balancer", "api", "ui", "postgres", "qdrant", "vllm"])
def test_what_others_wait_for_says_whether_it_is_well(whole, name):
    assert whole[name]["healthcheck"]["test"]
    assert whole[name]["restart"] == "unless-stopped"


def test_everybody_waits_for_what_it_needs(whole):
    waits = {name: set(service.get("depends_on", {})) for name, service in whole.items()}
    assert waits["api"] == {"postgres", "qdrant"}
    assert waits["worker"] == {"api", "postgres", "qdrant"}  # the API makes the tables
    assert waits["ui"] == {"api"}
    assert waits["balancer"] == {"api", "ui"}
    conditions = {c["condition"] for s in whole.values() for c in s.get("depends_on", {}).values()}
    assert conditions == {"service_healthy"}


def test_the_api_is_asked_what_it_tells_anybody(whole):
    (path,) = re.findall(r"8080(/\w+)", " ".join(whole["api"]["healthcheck"]["test"]))
    assert path == "/readyz"
    (alive,) = re.findall(r"8080(/\w+)", " ".join(whole["balancer"]["healthcheck"]["test"]))
    assert alive == "/healthz"
    assert {("GET", path), ("GET", alive)} <= ANYBODY


@pytest.mark.parametrize("name", OURS)
def test_a_process_can_start_with_what_it_is_given(whole, name, monkeypatch):
    given = environment(whole[name])
    assert {variable for variable in given if not is_read(variable)} - {
        "OPENAI_BASE_URL",
        "OPENAI_API_KEY",
        "OPENAI_MODEL",
    } == set()
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("ROUTEBACK_CONFIG", str(FOLDER / "settings.toml"))
    settings = load()
    assert settings.limits.address_requests_per_minute > Settings().limits.requests_per_minute
    assert settings.server.page_key.get_secret_value() == "of-the-page"
    if name == "api":
        assert settings.server.allowed_hosts == ("api", FILLED["PUBLIC_HOST"])
        address = whole["balancer"]["networks"]["edge"]["ipv4_address"]
        assert settings.server.proxies == (address,)


def test_the_page_knows_no_secret_of_the_stores(whole):
    assert set(environment(whole["ui"])) == {
        "ROUTEBACK_API_KEY",
        "ROUTEBACK_API_URL",
        "ROUTEBACK_CONFIG",
        "ROUTEBACK_SERVER__HOST",
        "ROUTEBACK_SERVER__PAGE_KEY",
    }


def test_what_is_optional_is_passed_on_when_it_is_set(tmp_path):
    optional = {
        "ROUTEBACK_SERVER__API_KEYS": "of-a-program",
        "ROUTEBACK_SIGN_IN__CLIENT_SECRET": "of-the-provider",
    }
    given = services(tmp_path, **optional)
    assert optional.items() <= environment(given["api"]).items()
    assert "ROUTEBACK_SERVER__API_KEYS" not in environment(given["worker"])


def test_work_is_shared_and_a_remote_base_is_passed_on_when_it_is_set(tmp_path, whole):
    remote = services(tmp_path, OPENAI_BASE_URL="http://models.example.com/v1")
    for name in ("api", "worker"):
        given = environment(remote[name])
        assert given["OPENAI_BASE_URL"] == "http://models.example.com/v1"
        assert given["ROUTEBACK_SERVER__BACKGROUND"] == "workers"
        assert given["ROUTEBACK_DATABASE_URL"].startswith("postgresql+psycopg://routeback:of-the-")
        assert "OPENAI_BASE_URL" not in environment(whole[name])
