"""Calls every operation of the OpenAPI document, as each role and as nobody: ``make fuzz``.

Schemathesis makes the calls: at the borders of what the document allows, at random within them,
and outside of them. What it asks of each reply: no 5xx, a status and a content type that the
document names, and a body of its schema. What is followed until the caller leaves is called by
nobody alone: whoever may follow it would wait for ever.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.records.database import open_database
from assistant.settings import KnowledgeSettings, LimitSettings, ServerSettings, Settings
from tests.support import overseen
from tests.support.documents import FAQ, GLOSSARY, fill
from tests.support.endpoint import serving
from tests.support.server import free_port, in_thread

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
NOBODY = "nobody"
FOLLOWED = "}/events$"


@dataclass(frozen=True)
class Fuzzed:
    """A server, and who may call it. keys: by role; nobody's is none. names: that there are."""

    url: str
    keys: dict[str, str]
    names: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What came of the calls of one role. failed: as Schemathesis tells it; empty: nothing."""

    role: str
    statuses: Counter[int]
    failed: str

    @property
    def calls(self) -> int:
        return self.statuses.total()

    def __str__(self) -> str:
        told = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"{self.role}: {self.calls} calls ({told}){self.failed and ': FAILED'}"


@contextmanager
def fuzzed(folder: Path, cache_dir: Path, documents: Path) -> Iterator[Fuzzed]:
    """Run a server with keys; only its model is scripted."""
    with serving() as endpoint:
        settings = Settings(
            data_dir=folder,
            cache_dir=cache_dir,
            openai_base_url=endpoint.url,
            openai_model="scripted",
            knowledge=KnowledgeSettings(sample=False),
            limits=LimitSettings(
                requests_per_minute=1_000_000, address_requests_per_minute=1_000_000
            ),
            server=ServerSettings(port=free_port(), api_keys="configured"),
        )
        fill(folder, documents)
        decided = overseen.feed(folder)
        names = {
            "decision_id": decided[0].id,
            "arm": "tuned",
            "segment": "glossary/en",
            "stage": "shadow",
            "root": "documents",
            "source": "faq.jsonl",
            "name": "base",
        }
        engine = open_database(folder / "routeback.sqlite")
        keys = Keys(engine)
        made = {str(role): keys.add(f"of {role}", [role], "test", None) for role in Role}
        engine.dispose()
        with in_thread(settings) as running:
            yield Fuzzed(running.url, {**made, "all": running.owner_key, NOBODY: ""}, names)


def call(
    server: Fuzzed,
    role: str,
    folder: Path,
    *,
    examples: int,
    seed: int,
    phases: str = "examples,coverage,fuzzing",
) -> Outcome:
    """Call every operation as one role. examples: random ones of each, at most.

    phases: ``coverage`` calls at the borders of what is allowed, whatever ``examples`` is.
    """
    key = server.keys[role]
    document = folder / "openapi.json"
    headers = {"Authorization": f"Bearer {server.keys['all']}"}
    told = httpx.get(f"{server.url}/openapi.json", headers=headers, timeout=60).json()
    document.write_text(json.dumps(_with(told, server.names)), encoding="utf-8")
    report = folder / f"{role}.har"
    command = [
        *(str(SCHEMATHESIS), "run", str(document), "--url", server.url, "--no-color"),
        *("--checks", ",".join(CHECKS), "--continue-on-failure", "--warnings", "off"),
        *(
            "--phases",
            phases,
            "--max-examples",
            str(examples),
            "--seed",
            str(seed),
        ),
        *("--report", "har", "--report-har-path", str(report), "--suppress-health-check", "all"),
        *("--request-timeout", "60", "--no-shrink"),
        *(
            ("--header", f"Authorization: Bearer {key}", "--exclude-path-regex", FOLLOWED)
            if key
            else ()
        ),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    entries = json.loads(report.read_text(encoding="utf-8"))["log"]["entries"]
    statuses = Counter(entry["response"]["status"] for entry in entries)
    return Outcome(role, statuses, done.stdout + done.stderr if done.returncode else "")


def _with(part: Any, names: dict[str, str]) -> Any:
    """Return the document with names that there are as examples, so that something is found."""
    if isinstance(part, list):
        return [_with(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    made = {key: _with(value, names) for key, value in part.items()}
    if "in" in part and part.get("name") in names:
        made["example"] = names[part["name"]]
    for name, schema in made.get("properties", {}).items():
        if name in names and isinstance(schema, dict) and schema.get("type") == "string":
            schema["examples"] = [names[name]]
    return made


def main() -> int:
    """Return 1 if a reply was not as the document says."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=30, help="random calls of each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", default="", help="one of them alone")
    given = parser.parse_args()
    os.environ["ROUTEBACK_EVALS__SCHEDULE"] = "off"
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        documents = folder / "documents"
        documents.mkdir()
        for file, rows in (("glossary", GLOSSARY), ("faq", FAQ)):
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (documents / f"{file}.jsonl").write_text(lines, encoding="utf-8")
        with fuzzed(folder / "place", folder / "cache", documents) as server:
            outcomes = []
            for role in server.keys:
                if given.role in {"", role}:
                    outcome = call(server, role, folder, examples=given.examples, seed=given.seed)
                    print(outcome, outcome.failed, flush=True)  # noqa: T201
                    outcomes.append(outcome)
    failed = sum(bool(outcome.failed) for outcome in outcomes)
    calls = sum(outcome.calls for outcome in outcomes)
    fives = sum(n for o in outcomes for status, n in o.statuses.items() if status >= 500)
    print(f"{calls} calls, {fives} x 5xx, {failed} roles with failures")  # noqa: T201
    return int(failed > 0 or fives > 0)


if __name__ == "__main__":
    sys.exit(main())
