.PHONY: check lint types contracts test test-slow test-long test-postgres test-tune bench bridge setup sample sbom tokens certificate checker openapi fuzz screens world

setup:            ## install everything that developing needs
	uv sync --group dev

check: lint types contracts test   ## what a change must pass; CI runs test-slow and test-tune as well

lint:
	uv run ruff check .
	uv run ruff format --check .

types:
	uv run mypy

contracts:
	uv run lint-imports

test:
	uv run pytest -n auto -m "not slow"

test-slow:        ## whole stories: servers that are killed, nights, Chromium
	uv run pytest -n auto -m "slow and not long"

test-long:        ## what takes minutes each and breaks seldom: before a release
	uv run pytest -n auto -m long

test-postgres:    ## what is kept, on a real PostgreSQL that the tests start
	DATABASE=postgres uv run pytest -n auto -m "not slow" tests/desk tests/records tests/queue tests/guarding tests/retention tests/turn/test_graph.py tests/turn/test_quote_arm.py tests/watching/test_kept.py
	DATABASE=postgres uv run pytest -m "slow and not long" tests/faults/test_arms.py

test-tune:        ## the tests that need torch, in an environment of their own
	.ci/tune

bench:            ## all benchmarks, each published; many hours on 2 cores. One: make bench NAME=detection
	uv run python -m benchmarks $(or $(NAME),all)

sample:           ## embed the sample knowledge again, after a change of its texts
	uv run python -m assistant.sample

sbom:             ## write what an installation is made of, as CycloneDX: sbom.cdx.json
	uv run python -m supply sbom.cdx.json

certificate:      ## attack the default measure again, after a change of scorers, gate, harms or cases
	uv run routeback guard attack --certificate guardrails/attack/certificate.json || test $$? -eq 1

openapi:          ## write docs/openapi.json from the API, and the pages' types from that
	uv run python -m assistant.api.document > docs/openapi.json
	uv run datamodel-codegen --profile pages

bridge:           ## kill what sends to the fake Zammad, and compare both sides: make bridge ARGS="/tmp/bridge 1 10"
	uv run python -m tests.bridge.killed $(ARGS)

fuzz:             ## call every route as each role with what schemathesis makes up: make fuzz ARGS="--examples 30"
	uv run python -m tests.support.fuzz $(ARGS)

world:            ## record the sample world of `routeback up --demo` again, after a change of what decisions rest on
	uv run python -m evals.world

screens:          ## pictures of every page in docs/screens, of a made-up world: make screens NAMES="chat nights"
	uv run python -m tests.ui.support.screens $(NAMES)

tokens:           ## make the model of token states again: make tokens TEXTS="a.jsonl b.jsonl"
	uv run python -m assistant.local.tokens $(TEXTS)

checker:          ## train the checker anew (extra tune): make checker TEXTS=FOLDER; goes on where it stopped
	uv run python -m training.checker.train $(TEXTS) checker.pt
	uv run python -m training.checker.export checker.pt
