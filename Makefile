.PHONY: check lint types contracts test test-tune bench setup sample tokens certificate checker openapi fuzz

setup:            ## install everything that developing needs
	uv sync

check: lint types contracts test   ## all that CI runs

lint:
	uv run ruff check .
	uv run ruff format --check .

types:
	uv run mypy

contracts:
	uv run lint-imports

test:
	uv run pytest -n auto

test-tune:        ## the tests that need torch, in an environment of their own
	.ci/tune

bench:            ## all benchmarks, each published; many hours on 2 cores. One: make bench NAME=detection
	uv run python -m benchmarks $(or $(NAME),all)

sample:           ## embed the sample knowledge again, after a change of its texts
	uv run python -m assistant.sample

certificate:      ## attack the default measure again, after a change of scorers, gate, harms or cases
	uv run routeback guard attack --certificate guardrails/attack/certificate.json || test $$? -eq 1

openapi:          ## write docs/openapi.json from the API, and the pages' types from that
	uv run python -m assistant.api.document > docs/openapi.json
	uv run datamodel-codegen --profile pages

fuzz:             ## call every route as each role with what schemathesis makes up: make fuzz ARGS="--examples 30"
	uv run python -m tests.support.fuzz $(ARGS)

tokens:           ## make the model of token states again: make tokens TEXTS="a.jsonl b.jsonl"
	uv run python -m assistant.local.tokens $(TEXTS)

checker:          ## train the checker anew (extra tune): make checker TEXTS=FOLDER; goes on where it stopped
	uv run python -m training.checker.train $(TEXTS) checker.pt
	uv run python -m training.checker.export checker.pt
