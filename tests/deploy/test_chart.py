"""deploy/helm: what the chart renders, what its schema refuses, and what a pod may do."""

import tomllib
from copy import deepcopy

import helm_python
import kubernetes_validate
import pytest
import yaml

from assistant.access.grants import ANYBODY
from assistant.api.server import _FINISH_S, _GRACE_S
from assistant.settings import load
from tests.deploy.chart import BARE, CHART, LEAST, WAYS, WHOLE, given, kinds, pods, rendered
from tests.deploy.variables import is_read

RELAY_STOPS_S = 10
"""How long a server waits until what was shown is recorded: ``assistant.api.relay``."""
OLDEST, NEWEST = "1.30", kubernetes_validate.latest_version()


@pytest.mark.parametrize("way", WAYS)
def test_helm_has_nothing_to_complain_about(way):
    report = helm_python.lint(CHART, WAYS[way], strict=True, kube_version=f"v{NEWEST}")
    assert report["errors"] == []
    assert [m["error"] for m in report["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_document_is_one_of_kubernetes(way, version):
    for manifest in rendered(WAYS[way]):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_document_that_kubernetes_would_refuse_is_seen():
    (worse, *_) = kinds(rendered(LEAST), "Deployment").values()
    worse["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readinesProbe"):
        kubernetes_validate.validate(worse, NEWEST, strict=True)


def test_each_value_adds_its_part_and_no_other():
    def what(values):
        return {(m["kind"], m["metadata"]["name"]) for m in rendered(values)}

    least, whole, bare = what(LEAST), what(WHOLE), what(BARE)
    assert whole - least == {
        ("HorizontalPodAutoscaler", "routeback-api"),
        ("CronJob", "routeback-nightly"),
        ("Ingress", "routeback"),
        ("PersistentVolumeClaim", "routeback-weights"),
    }
    assert least - whole == set()
    assert {kind for kind, _ in least - bare} == {"NetworkPolicy", "PersistentVolumeClaim"}
    assert ("Deployment", "other-routeback-worker") in {
        (m["kind"], m["metadata"]["name"]) for m in rendered(LEAST, name="other")
    }


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"qdrant": {"url": ""}}, "/qdrant/url"),
        ({"qdrant": {"url": "qdrant:6333"}}, "/qdrant/url"),
        ({"secret": {"name": ""}}, "/secret/name"),
        ({"image": {"tag": "latest"}}, "/image/tag"),
        ({"image": {"digest": "sha256:short"}}, "/image/digest"),
        ({"image": {"tags": "1"}}, "/image"),
        ({"api": {"replicas": 0}}, "/api/replicas"),
        ({"api": {"replicas": "two"}}, "/api/replicas"),
        ({"api": {"resources": {"limits": {"memory": "lots"}}}}, "/api/resources/limits/memory"),
        ({"worker": {"replica": 2}}, "/worker"),
        ({"ui": {"replicas": 2}}, "/ui"),
        ({"nightly": {"schedule": "at two"}}, "/nightly/schedule"),
        ({"storage": {"files": {"accessMode": "ReadMany"}}}, "/storage/files/accessMode"),
        ({"ingress": {"enabled": True}}, "/ingress/host"),
        ({"model": {"url": "models.example.com"}}, "/model/url"),
        ({"database": {"url": "postgresql://…"}}, "database"),
    ],
)
def test_values_that_are_wrong_are_refused_and_the_place_is_named(wrong, where):
    values = deepcopy(LEAST) | wrong
    with pytest.raises(helm_python.HelmError, match=where):
        rendered(values)


def test_without_the_address_of_the_index_nothing_is_rendered():
    with pytest.raises(helm_python.HelmError, match="/qdrant/url"):
        rendered({})


@pytest.mark.parametrize("way", WAYS)
def test_a_pod_is_what_the_restricted_standard_allows(way):
    for process, template in pods(rendered(WAYS[way])):
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, process
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec) == set()
        for volume in spec["volumes"]:
            assert set(volume) - {"name"} <= {"emptyDir", "configMap", "persistentVolumeClaim"}
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        assert {"/tmp", "/data"} <= set(mounts)
        assert set(mounts.values()) == {volume["name"] for volume in spec["volumes"]}
        assert container["resources"]["limits"]["memory"]
        assert container["image"] in {"routeback:0.1.0", f"routeback@{'sha256:' + '0a' * 32}"}


@pytest.mark.parametrize("way", WAYS)
def test_the_variables_of_services_do_not_reach_a_process(way):
    """Kubernetes would set ROUTEBACK_API_PORT and more, which no process of ours would accept."""
    for _, template in pods(rendered(WAYS[way])):
        assert template["spec"]["enableServiceLinks"] is False


def test_alive_and_ready_are_two_questions_that_anybody_may_ask():
    spec = dict(pods(rendered(LEAST)))["api"]["spec"]
    (container,) = spec["containers"]
    alive, ready = (
        container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")
    )
    assert (alive, ready) == ("/healthz", "/readyz")
    assert {("GET", alive), ("GET", ready)} <= ANYBODY
    assert container["startupProbe"]["httpGet"]["path"] == alive


def test_a_pod_that_goes_has_the_time_that_a_server_takes():
    spec = dict(pods(rendered(LEAST)))["api"]["spec"]
    (container,) = spec["containers"]
    leaving = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert _FINISH_S <= _GRACE_S
    assert spec["terminationGracePeriodSeconds"] >= leaving + _GRACE_S + 2 * RELAY_STOPS_S


@pytest.mark.parametrize("way", WAYS)
def test_a_process_can_start_with_what_it_is_given(way, tmp_path, monkeypatch):
    manifests = rendered(WAYS[way])
    (settings,) = kinds(manifests, "ConfigMap").values()
    file = tmp_path / "routeback.toml"
    file.write_text(settings["data"]["routeback.toml"])
    tomllib.loads(file.read_text())
    for process, template in pods(manifests):
        variables = given(template, optional=way == "whole")
        unread = {name for name in variables if not is_read(name) and name.startswith("ROUTE")}
        assert unread == set(), process
        with monkeypatch.context() as patch:
            patch.delenv("ROUTEBACK_EVALS__SCHEDULE", raising=False)  # of these tests
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setenv("ROUTEBACK_CONFIG", str(file))
            read = load()
        assert read.server.loopback == (process in {"worker", "nightly"})
        if process == "api":
            assert "routeback-api" in read.server.allowed_hosts
            assert ("assist.example.com" in read.server.allowed_hosts) == (way == "whole")
        if process != "ui":
            assert read.evals.schedule == ("off" if way == "whole" else "02:00")
            assert read.remote_base == (way == "whole")


def test_only_the_secret_holds_secrets():
    manifests = rendered(WHOLE)
    assert kinds(manifests, "Secret") == {}
    asked = {
        process: {
            entry["valueFrom"]["secretKeyRef"]["key"]: entry["valueFrom"]["secretKeyRef"]
            for entry in template["spec"]["containers"][0]["env"]
            if "valueFrom" in entry
        }
        for process, template in pods(manifests)
    }
    assert {name for keys in asked.values() for name in keys} == set(secret_keys())
    assert {key["name"] for keys in asked.values() for key in keys.values()} == {"routeback"}
    needed = {
        process: {name for name, key in keys.items() if not key.get("optional")}
        for process, keys in asked.items()
    }
    both = {"database-url", "page-key"}
    assert needed == {
        "api": both,
        "worker": both,
        "nightly": {*both, "nightly-key"},
        "ui": {"page-key"},
    }


def secret_keys() -> list[str]:
    """Return the keys that the values file names."""
    text = (CHART / "values.yaml").read_text().partition("\nsecret:")[0].rpartition("\n\n")[2]
    return [word for word in text.split("`")[1::2] if "-" in word]


def test_the_night_is_not_run_twice():
    assert given(dict(pods(rendered(WHOLE)))["worker"])["ROUTEBACK_EVALS__SCHEDULE"] == "off"
    assert "ROUTEBACK_EVALS__SCHEDULE" not in given(dict(pods(rendered(LEAST)))["worker"])
    (job,) = kinds(rendered(WHOLE), "CronJob").values()
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert "--url=http://routeback-api:8080" in container["args"]
    assert f"--key-env={'ROUTEBACK_KEY'}" in container["args"]
    assert job["spec"]["concurrencyPolicy"] == "Forbid"


def test_nothing_goes_in_or_out_but_what_is_said():
    manifests = rendered(LEAST)
    policies = kinds(manifests, "NetworkPolicy")
    nothing = policies["routeback-nothing"]["spec"]
    assert nothing["policyTypes"] == ["Ingress", "Egress"]
    assert {"ingress", "egress"} & set(nothing) == set()
    for process, template in pods([*manifests, *rendered(WHOLE)]):
        labels = template["metadata"]["labels"]
        assert matches(nothing["podSelector"], labels), process
        own = [name for name in policies if matches(policies[name]["spec"]["podSelector"], labels)]
        assert len(own) == 2, process
    into = {name: policy["spec"].get("ingress") for name, policy in policies.items()}
    assert {name for name, rules in into.items() if rules} == {"routeback-api", "routeback-ui"}
    ports = {name: [port["port"] for rule in into[name] for port in rule["ports"]] for name in into
             if into[name]}  # fmt: skip
    assert ports == {"routeback-api": [8080], "routeback-ui": [8501]}
    out = {
        name: {port["port"] for rule in policy["spec"].get("egress", ()) for port in rule["ports"]}
        for name, policy in policies.items()
    }
    assert out == {
        "routeback-nothing": set(),
        "routeback-api": {53, 5432, 6333, 443},
        "routeback-background": {53, 5432, 6333, 443, 8080},
        "routeback-ui": {53, 443, 8080},
    }


def matches(selector: dict, labels: dict) -> bool:
    """Whether a selector chooses a pod with these labels."""
    equal = selector.get("matchLabels", {}).items() <= labels.items()
    among = all(labels[e["key"]] in e["values"] for e in selector.get("matchExpressions", ()))
    return equal and among


def test_services_budgets_and_spreading_choose_the_pods_they_mean():
    manifests = rendered(LEAST)
    labels = {process: t["metadata"]["labels"] for process, t in pods(manifests)}
    chosen = {
        (kind, name.removeprefix("routeback-")): {
            process
            for process in labels
            if (m["spec"]["selector"].get("matchLabels") or m["spec"]["selector"]).items()
            <= labels[process].items()
        }
        for kind in ("Service", "PodDisruptionBudget", "Deployment")
        for name, m in kinds(manifests, kind).items()
    }
    assert chosen == {key: {key[1]} for key in chosen}
    for process, template in pods(manifests):
        for constraint in template["spec"].get("topologySpreadConstraints", ()):
            assert constraint["labelSelector"]["matchLabels"].items() <= labels[process].items()
    assert kinds(manifests, "Deployment")["routeback-ui"]["spec"]["replicas"] == 1


def test_from_outside_the_api_is_what_programs_and_widgets_need_and_the_rest_is_the_page():
    (ingress,) = kinds(rendered(WHOLE), "Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    paths = {p["path"]: p["backend"]["service"]["name"] for p in rule["http"]["paths"]}
    assert paths == {
        "/v1": "routeback-api",
        "/widget.js": "routeback-api",
        "/openapi.json": "routeback-api",
        "/": "routeback-ui",
    }
    assert (
        ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    )
    assert ingress["spec"]["tls"] == [{"hosts": [rule["host"]], "secretName": "assist-tls"}]


def test_the_chart_is_of_this_version():
    import importlib.metadata

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == importlib.metadata.version("routeback")
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"
