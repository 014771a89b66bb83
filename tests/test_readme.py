"""What README tells people to type is run as it stands there, beside ``up`` in its own process.

A command that no line here knows fails, and so does a line here that README has no more. What takes
many minutes, or needs what is not there, is read by the real command line and not run: READ says
why.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import typer

from assistant.cli import app
from assistant.running import Running
from guardrails import Decision, Monitor, Pair, Policy, Score, Store
from tests.local.adapters import write_adapter
from tests.support import overseen
from tests.support.server import environment, free_port, in_process, process

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:uv run |routeback )[^`]+)`")


@dataclass(frozen=True)
class Run:
    """How a command of README is run. instead: words of README by what stands here for them.

    code: its exit code. told: what it prints, among other things.
    """

    told: str
    code: int = 0
    typed: str = ""
    instead: dict[str, str] = field(default_factory=dict)


METRICS = ("fast", "relevance")
UP = "routeback up"
RUN = {
    'routeback ask "What is negative transfer?"': Run("[1]"),
    'routeback ask "Wie setze ich mein Passwort zurück?"': Run("[1]"),
    'routeback ask "Who won the 1998 World Cup?"': Run("did not find an answer"),
    "routeback knowledge add handbook/": Run("1 passages added"),
    "routeback knowledge add terms.csv --map term=word,definition=meaning": Run("2 glossary"),
    'routeback knowledge search "What is a Pod?"': Run("Kubernetes"),
    "routeback knowledge remove sample": Run("passages removed"),
    "routeback arms add tone --adapter tone.gguf --ladder 1,0.5,0.25": Run("begins in shadow"),
    "routeback arms add tuned --base-url URL --model M": Run(
        "begins in shadow", instead={"M": "scripted"}
    ),
    "routeback guard simulate --drop 0.1": Run("the same, byte for byte", instead={"0.1": "0.5"}),
    "routeback guard map": Run("glossary/en"),
    "routeback guard decisions": Run("routed_back"),
    "routeback guard label": Run("1 of 60 pairs are labelled", typed="a\nq\n"),
    "routeback guard replay DECISION": Run("the same, byte for byte"),
    "routeback guard alarms test": Run("No channel for alarms is configured", code=2),
}
READ = {
    "routeback evals nightly --minutes 30 --judge-budget-minutes 5": (
        "takes 30 minutes; tests/evals/night runs nights of a few cases"
    ),
    "routeback demo": "takes 14 minutes; tests/evals/test_demo.py runs one of few questions",
    "routeback guard attack --quick": "takes minutes; .ci/run runs it",
}
ELSEWHERE = {
    "make setup": "make setup",
    "make check": "make check",
    "make test-slow": "make test-slow",
    "make test-postgres": "make test-postgres",
}
"""Commands of other programs, and the line of ``.ci/run`` that does the same."""
HOMEBREW = "brew install uv"
"""Of a machine that CI has not; ``.ci/run`` takes pip."""
SYNC = "uv sync --group dev"
"""Made whatever runs this test, by ``make setup``."""


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a shell block, without what ``uv`` adds and without comments."""
    for line in text.splitlines():
        for command in line.split("#")[0].split("&&"):
            words = re.sub(r"^uv run (--extra \w+ )?", "", command.strip())
            if words:
                yield words


def of_readme() -> list[str]:
    return [c for text in blocks(ROOT / "README.md", "sh") for c in commands(text)]


def accepted(command: str) -> None:
    """Let the real command line read a command, and not run it.

    Raises:
        typer.Exit: its options are not those.
    """
    words = shlex.split(command)[1:]
    found = typer.main.get_command(app)
    while subcommands := getattr(found, "commands", None):
        found = subcommands[words.pop(0)]
    found.make_context(command, words)


def test_every_command_of_readme_is_known_here_and_no_other():
    known = {UP, HOMEBREW, *RUN, *READ, *ELSEWHERE}
    assert set(of_readme()) == known


def test_a_block_of_readme_is_for_a_shell_or_python_or_a_picture():
    found = {kind for kind, _ in BLOCK.findall((ROOT / "README.md").read_text())}
    assert found == {"sh", "python", ""}
    assert not any("routeback" in text for text in blocks(ROOT / "README.md", ""))


@pytest.mark.parametrize("line", ELSEWHERE.values())
def test_what_other_programs_do_is_what_ci_does(line):
    assert line in (ROOT / ".ci/run").read_text().splitlines()


def test_make_knows_what_readme_says_of_it():
    def told(target: str) -> str:
        make = ["make", "--no-print-directory", "--dry-run", target]
        return subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert told("setup").splitlines()[-1] == SYNC
    for command in ("ruff check .", "mypy", "lint-imports", "pytest -n auto"):
        assert f"uv run {command}" in told("check")


@pytest.fixture(scope="module")
def _all_commands() -> None:
    from assistant.cli import add_commands

    if "demo" not in typer.main.get_command(app).commands:
        add_commands()


@pytest.mark.usefixtures("_all_commands")
@pytest.mark.parametrize("command", READ)
def test_what_takes_too_long_is_a_command_with_these_options(command):
    Path("TRAIN.jsonl").write_text("{}\n")
    accepted(command)
    with pytest.raises(Exception, match="--nonsense"):
        accepted(f"{command} --nonsense")


@pytest.mark.usefixtures("_all_commands")
def test_commands_within_sentences_are_commands():
    Path("TRAIN.jsonl").write_text("{}\n")
    prose = BLOCK.sub("", (ROOT / "README.md").read_text())
    named = [command for text in INLINE.findall(prose) for command in commands(text)]
    assert len(named) >= 3
    for command in named:
        accepted(command)


LIBRARY = blocks(ROOT / "docs/library.md", "python")


@contextmanager
def up(env: dict[str, str]) -> Iterator[Running]:
    """``routeback up``, once the page answers, too."""
    page = f"http://127.0.0.1:{env['ROUTEBACK_SERVER__UI_PORT']}/_stcore/health"
    with process("up", env=env) as running:
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport, trust_env=False, timeout=60) as client:
            assert client.get(page).is_success
        yield running


def script(text: str, env: dict[str, str], url: str) -> str:
    """Run a block of Python; one that has tests in it, by pytest."""
    path = Path("test_block.py")
    path.write_text(text.replace("http://127.0.0.1:8080", url))
    tested = ["-m", "pytest", "-p", "no:cacheprovider", f"--routeback-url={url}"]
    command = [sys.executable, *(tested if "def test_" in text else []), str(path)]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def prepare(data: Path) -> str:
    """Make the files that README speaks of, and pairs; return the id of a decision."""
    Path("handbook").mkdir()
    Path("handbook/refunds.md").write_text("# Refunds\n\nA payment is refunded in 14 days.\n")
    rows = (
        "word,meaning\n"
        "Pod,A Pod is the smallest unit that Kubernetes runs.\n"
        "LoRA,LoRA trains two small matrices beside the frozen weights of a model.\n"
    )
    Path("terms.csv").write_text(rows)
    write_adapter(Path("tone.gguf"), seed=1, spread=0.01)
    decisions: list[Decision] = []
    with overseen.database(data) as engine:
        monitor = Monitor(Store(engine), Policy(metrics=METRICS))
        for number in range(60):
            pair = Pair(
                id=f"pair-{number}",
                arm="earlier",
                segment="glossary/en",
                at=datetime.now(UTC),
                version="{}",
                base=dict.fromkeys(METRICS, Score(0.9)),
                candidate=dict.fromkeys(METRICS, Score(0.1 + number / 200)),
            )
            answers = {"base": f"Base says {number}.", "earlier": "The candidate says nothing."}
            question = {"question": f"What is {number}?", "answers": answers, "passages": []}
            decisions += monitor.observe(pair, question)
    return decisions[0].id


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(400)
def test_the_commands_of_readme_do_what_it_says(tmp_path, cache_dir, endpoint):
    data = tmp_path / "data"
    env = environment(
        data,
        cache_dir,
        ROUTEBACK_ENGINE__MODEL="smollm2-135m-instruct",
        ROUTEBACK_GUARD__PAIR_RATE="0",
        ROUTEBACK_SERVER__PORT=str(free_port()),
        ROUTEBACK_SERVER__UI_PORT=str(free_port()),
    )
    decision = prepare(data)
    with up(env) as running:
        for command in [command for command in of_readme() if command in RUN]:
            run = RUN[command]
            instead = {"DECISION": decision, "URL": endpoint.url, **run.instead}
            words = [instead.get(word, word) for word in shlex.split(command)[1:]]
            done = in_process(*words, env=env, given=run.typed)
            told = done.stdout + done.stderr
            assert done.returncode == run.code, (command, told)
            assert run.told in told, (command, told)
        (program,) = blocks(ROOT / "README.md", "python")
        assert "LoRA" in script(program, env, running.url)
        (suite,) = (text for text in LIBRARY if "def test_" in text)
        env["ROUTEBACK_TEST_KEY"] = running.owner_key
        assert "1 passed" in script(suite, env, running.url)


TOLD = (
    "worse after 117 pairs",
    "tuned is worse than base in support/en",
    "1.00 groundedness",
    "answered",
)


PROGRAMS = [text for text in LIBRARY if "def test_" not in text]


@pytest.mark.slow
@pytest.mark.parametrize(("program", "told"), list(zip(PROGRAMS, TOLD, strict=True)), ids=TOLD)
def test_the_programs_of_the_library_page_run(program, told, tmp_path, place, cache_dir):
    env = environment(place.folder, cache_dir, ROUTEBACK_ENGINE__MODEL="smollm2-135m-instruct")
    assert told in script(program, env, "")
