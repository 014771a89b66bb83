"""Arms that are added to a running server: checked, in shadow, decided about, and removed."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from openai import OpenAI
from sqlalchemy import create_engine, event
from typer.testing import CliRunner

from assistant import app, cli
from assistant.arms.registrar import NewArm
from assistant.errors import ArmError, RosterError, RoutebackError, UnknownArm, WeightsError
from assistant.local.catalogue import QWEN_SMALL, SMOLLM
from assistant.local.engine import PROMPT_CACHES
from assistant.progress import Watcher
from assistant.running import Running
from assistant.settings import (
    ArmSettings,
    EngineSettings,
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
)
from guardrails.decisions import replay
from guardrails.store.store import Store
from guardrails.types import Stage
from tests.local.adapters import misfit, write_adapter
from tests.support.calling import ask
from tests.support.documents import fill
from tests.support.endpoint import Endpoint, serving
from tests.support.guarded import GOOD, questions
from tests.support.server import free_port, in_thread

BASE = "A token is a piece of text that a language model reads."
OTHER = "A token is the smallest piece of text that a model reads."
SEGMENT = "glossary/en"
GUARD = GuardSettings(
    min_pairs=10,
    tolerance=0.2,
    canary_share=1.0,
    false_alarms=0.5,
    horizon=10,
    probe_every_s=0.5,
    families=(),
    min_conversations=0,
    min_days=0,
    false_promotions=0.5,
    catastrophe=0,
    margins={},
)
QUESTIONS = questions()


@dataclass
class Server:
    running: Running
    base: Endpoint
    tuned: Endpoint
    store: Store

    def call(self, method: str, path: str = "", **body: object) -> dict:
        options = {"json": body} if body else {}
        return ask(self.running, method, f"/v1/arms{path}", **options)

    def question(self) -> dict:
        url = f"{self.running.url}/v1"
        with OpenAI(base_url=url, api_key="user", max_retries=0) as client:
            messages = [{"role": "user", "content": next(QUESTIONS)}]
            reply = client.chat.completions.create(model="routeback", messages=messages)
        return {"text": reply.choices[0].message.content, **reply.model_extra["routeback"]}

    def stage(self) -> Stage | None:
        with self.store.reading() as ledger:
            standing = ledger.standing("tuned", SEGMENT)
        return standing.stage if standing else None

    def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def settled(self) -> bool:
        with self.store.reading() as ledger:
            return not ledger.waiting(1)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, cache_dir: Path, documents: Path
) -> Iterator[Server]:
    with serving() as base, serving() as tuned:
        base.script, tuned.script = (lambda _: BASE), (lambda _: GOOD)
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("data"),
            cache_dir=cache_dir,
            arms=(ArmSettings(name="base", base_url=base.url, model="scripted"),),
            knowledge=KnowledgeSettings(sample=False),
            server=ServerSettings(port=free_port(), api_keys="user"),
            guard=GUARD,
        )
        fill(settings.data_dir, documents)
        with in_thread(settings) as running:
            database = create_engine(f"sqlite:///{settings.data_dir / 'routeback.sqlite'}")
            event.listen(database, "connect", lambda c, _: c.execute("PRAGMA busy_timeout=10000"))
            yield Server(running, base, tuned, Store(database))
            database.dispose()


@pytest.mark.slow
@pytest.mark.long
def test_a_remote_candidate_is_added_proven_changed_behind_its_name_and_removed(server: Server):
    assert server.question()["route"]["reason"] == "no candidate is configured"
    wanted = {"base_url": server.tuned.url, "model": "scripted", "by": "ada", "revision": "1"}
    added = server.call("POST", name="tuned", **wanted)
    assert (added["kind"], added["by"], added["warnings"]) == ("remote", "ada", [])
    assert added["about"]["check"]["answer"] == GOOD
    assert server.question()["route"]["reason"] == f"no candidate is proven in {SEGMENT}"
    for stage in (Stage.CANARY, Stage.SERVING):
        for _ in range(40):
            if server.stage() is stage:
                break
            server.question()
            server.until(server.settled)
        assert server.stage() is stage
    served = server.question()
    assert (served["route"]["arm"], served["route"]["revision"]) == ("tuned", "1")

    server.tuned.script = lambda _: OTHER
    server.until(lambda: server.stage() is Stage.SHADOW)
    assert server.question()["route"]["arm"] == "base"
    shown = server.call("GET", "/tuned")
    (change,) = shown["sight"]["changes"]
    assert "3 of 3 probe questions are answered otherwise" in change[1]
    with server.store.reading() as ledger:
        newest = ledger.decisions("tuned", SEGMENT, 1)[0]
        assert (newest.after, newest.cause) == (Stage.SHADOW, "version")
        assert "the remote model of tuned was changed silently" in newest.reason
        assert "candidate changed from 1 to 1~1-" in newest.reason
        for decision in ledger.decisions("tuned", SEGMENT, 50):
            again = replay(decision, ledger.pairs)
            assert again is not None
            assert again.record() == decision.record()

    gone = server.call("DELETE", "/tuned")
    assert gone["candidates"] == ["tuned"]
    assert server.question()["route"]["reason"] == "no candidate is configured"
    decided = ask(server.running, "GET", "/v1/guard/decisions", params={"arm": "tuned"})
    assert len(decided["decisions"]) == 3
    assert server.call("GET")["arms"][0]["name"] == "base"
    with pytest.raises(UnknownArm, match="There is no arm 'tuned'"):
        server.call("GET", "/tuned")


def test_only_the_owner_may_change_arms(server: Server):
    before, holder = len(server.tuned.asked), {"Authorization": "Bearer user"}
    url = f"{server.running.url}/v1/arms"
    body = {"name": "x", "by": "eve", "base_url": server.tuned.url, "model": "m"}
    assert httpx.get(url, headers=holder).status_code == 403
    assert httpx.get(url).status_code == 401
    assert httpx.post(url, headers=holder, json=body).status_code == 403
    assert httpx.delete(f"{url}/base", headers=holder).status_code == 403
    assert len(server.tuned.asked) == before


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": "base"}, "`base` is the trusted arm"),
        ({"name": "No Spaces"}, "name: String should match"),
        ({"ladder": [1, 0.5]}, "either an adapter or a model"),
        ({"api_key_env": "NOT_THERE"}, "NOT_THERE is not set here"),
        ({"base_url": None, "model": None}, "no adapter of that name comes along"),
        ({"base_url": None}, "both base_url and model"),
        ({"base_url": f"http://127.0.0.1:{free_port()}/v1"}, "tuned stopped answering"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_kept(server: Server, wanted, said):
    body = {"name": "tuned", "by": "a", "base_url": server.tuned.url, "model": "scripted"}
    with pytest.raises(RoutebackError, match=said):
        server.call("POST", **{**body, **wanted})
    assert [arm["name"] for arm in server.call("GET")["arms"]] == ["base"]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.model
async def test_an_adapter_is_taken_in_while_questions_are_answered(tmp_path, cache_dir):
    adapter = write_adapter(tmp_path / "tone.gguf", seed=4, spread=0.15)
    settings = Settings(
        data_dir=tmp_path / "data",
        cache_dir=cache_dir,
        offline=True,
        base="embedded",
        engine=EngineSettings(model=SMOLLM.name, context_tokens=1024, threads=1),
        knowledge=KnowledgeSettings(sample=False),
        arms=(ArmSettings(name="misfit", adapter=misfit(tmp_path / "other.gguf")),),
    )
    told = []

    async def says(arm) -> str:
        asked = [{"role": "user", "content": "Name a colour."}]
        return "".join([piece.text async for piece in arm.stream(asked, max_tokens=6)])

    async with app.open_assistant(settings, Watcher(notice=told.append)) as assistant:
        assert any("misfit is left out" in said and "896" in said for said in told)
        assert list(assistant.arms) == ["base"]
        base, registrar = assistant.arms["base"], assistant.lineup.registrar
        assert base.engine.spec.slots == PROMPT_CACHES > settings.engine.slots
        before = await says(base)
        adding = asyncio.create_task(
            registrar.add(NewArm("tone", adapter, ladder=(0.25, 1, 0.5)), "ada")
        )
        meanwhile = []
        while not adding.done():
            meanwhile.append(await says(base))
        added = (await adding).model_dump(mode="json")
        assert set(meanwhile) == {before}
        assert added["about"]["check"]["other_words"] or added["about"]["check"]["effect"] > 0.02
        names = ["tone", "tone@0.5", "tone@0.25"]
        assert [one["arm"] for one in added["candidates"]] == names
        assert list(assistant.guard.versions) == [*names, "quote"]
        assert json.loads(assistant.guard.versions["tone@0.5"])["policy"]["strengths"] == 3
        assert {await says(assistant.arms[name]) for name in names} - {before}
        (kept,) = (tmp_path / "data" / "adapters").iterdir()
        assert kept.name == f"{added['sha256'][:12]}-tone.gguf"
        with pytest.raises(RosterError, match="an arm tone already: it was added by command"):
            await registrar.add(NewArm("tone", adapter), "ada")
        with pytest.raises(RosterError, match="one strength of tone"):
            await registrar.remove("tone@0.5", "ada")
        await registrar.remove("tone", "ada")
        assert (list(assistant.arms), [*assistant.guard.versions]) == (["base"], ["quote"])
        assert assistant.engine is not None
        assert assistant.engine.spec.adapters == {}
        assert not kept.exists()
        assert await says(base) == before


@pytest.mark.model
def test_the_command_adds_without_a_server_and_says_where_another_one_is(
    tmp_path: Path, cache_dir: Path, monkeypatch, endpoint
):
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(cache_dir))
    monkeypatch.setenv("ROUTEBACK_ENGINE__MODEL", SMOLLM.name)
    monkeypatch.setenv("THE_KEY", "secret")
    endpoint.script = lambda _: "Fine."
    adapter = write_adapter(tmp_path / "tone.gguf", seed=4, spread=0.15)

    def run(*arguments: str) -> dict:
        done = CliRunner().invoke(cli.app, ["arms", *arguments, "--json"], catch_exceptions=False)
        return json.loads(done.stdout)

    added = run("add", "tone", "--adapter", str(adapter), "--ladder", "1,0.5", "--by", "ada")
    assert [one["arm"] for one in added["candidates"]] == ["tone", "tone@0.5"]
    assert added["about"]["base_sha256"] == SMOLLM.sha256
    assert 0.1 < added["about"]["change"]["relative"] < 0.3
    with pytest.raises(RosterError, match="does not say which weights it was made for"):
        silent = write_adapter(tmp_path / "silent.gguf", seed=4, spread=0.05, base="")
        run("add", "silent", "--adapter", str(silent))
    run("add", "silent", "--adapter", str(silent), "--unknown-base")
    run("remove", "silent")
    for spread, said in ((0.0, "changes nothing"), (1.0, "out of all proportion: it adds 7")):
        odd = write_adapter(tmp_path / "odd.gguf", seed=4, spread=spread)
        with pytest.raises(WeightsError, match=said):
            run("add", "odd", "--adapter", str(odd))
    other = write_adapter(tmp_path / "other.gguf", seed=4, spread=0.05, base=QWEN_SMALL.sha256)
    with pytest.raises(WeightsError, match="it names a base with SHA-256 1d9614638d18"):
        run("add", "other", "--adapter", str(other), "--unknown-base")
    run("add", "far", "--base-url", endpoint.url, "--model", "scripted", "--api-key-env", "THE_KEY")
    assert [arm["name"] for arm in run("list")["arms"]] == ["far", "tone"]
    assert b"secret" not in (tmp_path / "data" / "routeback.sqlite").read_bytes()
    with pytest.raises(ArmError, match="refused the request"):
        endpoint.status = 500
        run("add", "down", "--base-url", endpoint.url, "--model", "scripted")
    (tmp_path / "routeback.toml").write_text(
        f'[[arms]]\nname = "mine"\nbase_url = "{endpoint.url}"\nmodel = "scripted"\n'
    )
    with pytest.raises(RosterError, match=r"an arm mine already: it is in routeback\.toml"):
        run("add", "mine", "--adapter", str(adapter))
    with pytest.raises(RosterError, match=r"mine is in routeback\.toml"):
        run("remove", "mine")
    (tmp_path / "routeback.toml").write_text(
        f'[[arms]]\nname = "far"\nbase_url = "{endpoint.url}"\nmodel = "other"\n'
    )
    found = run("list")
    assert found["hidden"] == ["far"]  # the settings win
    assert {arm["name"]: arm["model"] for arm in found["arms"]} == {"far": "other", "tone": None}
    assert run("remove", "tone")["candidates"] == ["tone", "tone@0.5"]
    assert [arm["name"] for arm in run("list")["arms"]] == ["far"]
