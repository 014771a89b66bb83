import subprocess
import sys
from pathlib import Path

from fastapi.routing import APIRoute
from pydantic import BaseModel

from assistant.api.document import document
from assistant.api.server import application

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
    routes = [route for route in application().routes if isinstance(route, APIRoute)]
    assert len(routes) > 30
    untold = {
        (method, route.path)
        for route in routes
        for method in route.methods
        if not (
            isinstance(route.response_model, type) and issubclass(route.response_model, BaseModel)
        )
    }
    assert untold == set(TOLD_OTHERWISE)
