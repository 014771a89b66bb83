import json
import subprocess
import sys
from pathlib import Path

from assistant.api.document import document

ROOT = Path(__file__).parents[2]
TOLD_OTHERWISE = {
    ("POST", "/v1/knowledge"): "JSON lines of progress",
    ("POST", "/v1/evals/judge/chat/completions"): "what the engine says, as it is",
    ("GET", "/v1/guard/map.svg"): "a picture",
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
