.PHONY: check lint types contracts test test-tune bench setup sample tokens certificate checker

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

bench:            ## all benchmarks; some hours on 2 cores
	for name in base_model retrieval segments language selection answers speed indexing \
	  detection promise labels updates scorers floors judge transfer overhead audit commands second_engine attribution gates coverage cost; do \
	  uv run python benchmarks/$$name.py || exit 1; done

sample:           ## embed the sample knowledge again, after a change of its texts
	uv run python -m assistant.sample

certificate:      ## attack the default measure again, after a change of scorers, gate, harms or cases
	uv run routeback guard attack --certificate guardrails/attack/certificate.json || test $$? -eq 1

tokens:           ## make the model of token states again: make tokens TEXTS="a.jsonl b.jsonl"
	uv run python -m assistant.local.tokens $(TEXTS)

checker:          ## train the checker anew (extra tune): make checker TEXTS=FOLDER; goes on where it stopped
	uv run python -m training.checker.train $(TEXTS) checker.pt
	uv run python -m training.checker.export checker.pt
