import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.api.document import document

ROOT = Path(__file__).parents[2]
TOLD_OTHERWISE = {
    ("POST", "/v1/knowledge"): "JSON lines of progress",
    ("POST", "/v1/knowledge/uploads"): "JSON lines of progress",
    ("POST", "/v1/knowledge/sources/{name}/refresh"): "JSON lines of progress",
    ("POST", "/v1/knowledge/sources/{name}/confirm"): "JSON lines of progress",
    ("POST", "/v1/evals/judge/chat/completions"): "what the engine says, as it is",
    ("GET", "/v1/guard/map.svg"): "a picture",
    ("GET", "/v1/conversations/{conversation_id}/events"): "server-sent events",
    ("GET", "/v1/desk/tickets/{ticket}/events"): "server-sent events",
    ("GET", "/v1/conversations/{conversation_id}/attachments/{attachment}"): "a file",
    ("GET", "/v1/desk/tickets/{ticket}/attachments/{attachment}"): "a file",
    ("GET", "/v1/desk/tickets.csv"): "a table",
    ("GET", "/widget.js"): "a script",
    ("GET", "/metrics"): "metrics, as Prometheus reads them",
    ("GET", "/v1/guard/map.png"): "a picture",
}


def test_the_document_in_the_repository_is_that_of_the_code():
    kept = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert document() == kept, "run: make openapi"


def test_the_types_of_the_pages_are_made_from_the_document():
    tool = Path(sys.executable).with_name("datamodel-codegen")
    done = subprocess.run(
        [tool, "--profile", "pages", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"run: make openapi\n{done.stdout}{done.stderr}"


def test_every_route_says_what_it_returns():
    told = json.loads(document())["paths"]
    routes = [(path, verb, one) for path, verbs in told.items() for verb, one in verbs.items()]
    assert len(routes) > 30
    untold = {
        (verb.upper(), path)
        for path, verb, one in routes
        if not any(
            "$ref" in reply.get("content", {}).get("application/json", {}).get("schema", {})
            for status, reply in one["responses"].items()
            if status.startswith("2")
        )
    }
    assert untold == set(TOLD_OTHERWISE)


def unbounded(part: Any, schemas: dict[str, Any], at: str, seen: frozenset[str]) -> Iterator[str]:
    """Yield where a schema takes an integer of any size. at: what led there."""
    if isinstance(part, list):
        for one in part:
            yield from unbounded(one, schemas, at, seen)
    elif isinstance(part, dict) and isinstance(part.get("$ref"), str):
        name = part["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from unbounded(schemas[name], schemas, f"{at} {name}", seen | {name})
    elif isinstance(part, dict):
        if part.get("type") == "integer" and not {"maximum", "enum", "const"} & part.keys():
            yield at
        for word, one in part.items():
            yield from unbounded(one, schemas, f"{at}.{word}", seen)


def test_no_number_that_is_asked_for_is_larger_than_a_database_takes():
    told = json.loads(document())
    found = {
        place
        for path, verbs in told["paths"].items()
        for verb, route in verbs.items()
        for given in (route.get("parameters", []), route.get("requestBody", {}))
        for place in unbounded(given, told["components"]["schemas"], f"{verb} {path}", frozenset())
    }
    assert [place for place in found if "Document.properties.places" not in place] == []
    assert found, "places in a document are not stored"
