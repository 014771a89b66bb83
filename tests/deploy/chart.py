"""The chart, rendered by Helm's own library: no cluster is needed for that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import yaml

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "routeback"
LEAST: dict[str, Any] = {"qdrant": {"url": "http://qdrant.vectors.svc:6333"}}
"""What must be said, beside the Secret."""
WHOLE: dict[str, Any] = {
    **LEAST,
    "image": {"digest": "sha256:" + "0a" * 32, "pullSecrets": [{"name": "registry"}]},
    "model": {"url": "https://models.example.com/v1", "name": "base"},
    "hosts": ["assist"],
    "proxies": ["10.0.0.0/8"],
    "settings": "[sign_in]\nissuer = 'https://login.example.com'\nclient_id = 'routeback'\n"
    "page_url = 'https://assist.example.com'\n",
    "api": {"autoscaling": {"enabled": True}},
    "nightly": {"enabled": True},
    "storage": {"weights": {"enabled": True, "class": "shared"}},
    "ingress": {"enabled": True, "className": "nginx", "host": "assist.example.com"}
    | {"tlsSecret": "assist-tls"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "assist", "operator": "Exists"}],
}
BARE: dict[str, Any] = {
    **LEAST,
    "api": {"replicas": 1},
    "worker": {"replicas": 1},
    "storage": {"files": {"enabled": False}},
    "networkPolicy": {"enabled": False},
}
WAYS = {"least": LEAST, "whole": WHOLE, "bare": BARE}
SECRET = {"database-url": "postgresql+psycopg://routeback:secret@postgres/routeback"}
Manifest = dict[str, Any]


def rendered(values: dict[str, Any], name: str = "routeback") -> list[Manifest]:
    """Return what is sent to a cluster."""
    with helm_python.Chart.load(CHART) as chart:
        texts = chart.render(values, name=name, namespace="assist")
    files = (text for path, text in texts.items() if path.endswith(".yaml"))
    return [manifest for text in files for manifest in yaml.safe_load_all(text) if manifest]


def kinds(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the manifests of a kind by name."""
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield the template of each pod, with the process that runs in it."""
    for manifest in manifests:
        if manifest["kind"] == "Deployment":
            template = manifest["spec"]["template"]
        elif manifest["kind"] == "CronJob":
            template = manifest["spec"]["jobTemplate"]["spec"]["template"]
        else:
            continue
        yield template["metadata"]["labels"]["app.kubernetes.io/component"], template


def given(template: Manifest, *, optional: bool = True) -> dict[str, str]:
    """Return the variables of the container; what comes from the Secret is SECRET, or its key.

    optional: whether the Secret has what it need not have.
    """
    (container,) = template["spec"]["containers"]
    plain = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
    of_secret = {
        entry["name"]: entry["valueFrom"]["secretKeyRef"]
        for entry in container["env"]
        if "valueFrom" in entry
    }
    there = {n: k["key"] for n, k in of_secret.items() if optional or not k.get("optional")}
    return plain | {name: SECRET.get(key, key) for name, key in there.items()}
