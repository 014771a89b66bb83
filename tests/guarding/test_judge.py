"""The judge as the settings name it, and who waits for whom."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from assistant.errors import SettingsError
from assistant.guarding import build
from assistant.guarding.judge import EngineTransport, open_judge
from assistant.local.admission import Admission, Priority
from assistant.local.checker import near_copies
from assistant.local.embeddings import E5
from assistant.local.engine import Endpoint as EngineEndpoint
from assistant.local.engine import EngineSpec
from assistant.progress import Watcher
from assistant.settings import GuardSettings, JudgeSettings, Settings, load
from guardrails.types import Sample, Score, Text
from tests.guardrails.judge.endpoint import JudgeEndpoint, judging

SAMPLE = Sample("What is a pod?", "en", (Text("A pod is small.", "en"),), "A pod is small.")


class Here:
    """Stands where the engine stands: says where the scripted endpoint listens now."""

    def __init__(self, url: str) -> None:
        self.port = int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
        self.asked = 0
        self.spec = EngineSpec(Path("w"), {"a": Path("a")})

    async def endpoint(self) -> EngineEndpoint:
        self.asked += 1
        return EngineEndpoint(self.port, f"key-{self.asked}")


@pytest.fixture(scope="module")
def _server() -> Iterator[JudgeEndpoint]:
    with judging() as server:
        yield server


@pytest.fixture
def judge(_server: JudgeEndpoint) -> JudgeEndpoint:
    _server.reset()
    return _server


def client(here: Any, admission: Admission) -> AsyncOpenAI:
    import openai

    transport = EngineTransport(here, admission)
    wire = openai.DefaultAsyncHttpxClient(transport=transport)
    return AsyncOpenAI(base_url="http://127.0.0.1/v1", api_key="x", max_retries=0, http_client=wire)


async def ask(client: AsyncOpenAI) -> None:
    await client.chat.completions.create(
        model="m",
        messages=[{"role": "user", "content": "x"}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": {"type": "object", "properties": {}}},
        },
    )


async def test_each_request_goes_where_the_engine_listens_now(judge) -> None:
    here = Here(judge.url)
    async with client(here, Admission("base", slots=1, limit=8)) as judged:
        await ask(judged)
        here.spec = EngineSpec(Path("w"), {"a": Path("a"), "b": Path("b")})
        await ask(judged)
    assert [len(body["lora"]) for body in judge.bodies] == [1, 2]
    assert all(one["scale"] == 0 for body in judge.bodies for one in body["lora"])
    assert [h["authorization"] for h in judge.headers] == ["Bearer key-1", "Bearer key-2"]


async def test_people_go_first_and_keep_their_places(judge) -> None:
    admission = Admission("base", slots=1, limit=2)
    order = []

    async def person() -> None:
        async with admission.enter(Priority.PERSON):
            order.append("person")

    async with client(Here(judge.url), admission) as judged:
        async with admission.enter(Priority.PERSON):
            judgements = [asyncio.create_task(ask(judged)) for _ in range(5)]
            await asyncio.sleep(0.05)
            assert admission.waiting == 1  # five judgements take one place in people's queue
            waiting = asyncio.create_task(person())
            await asyncio.sleep(0.05)
            assert not judge.bodies
        await waiting
        assert order == ["person"]
        await asyncio.gather(*judgements)
    assert len(judge.bodies) == 5
    async with admission.enter():
        assert admission.waiting == 0


@pytest.mark.slow
async def test_a_full_queue_is_waited_out(judge) -> None:
    admission = Admission("base", slots=1, limit=0)
    async with client(Here(judge.url), admission) as judged:
        async with admission.enter(Priority.PERSON):
            task = asyncio.create_task(ask(judged))
            await asyncio.sleep(0.05)
            assert not task.done()
        await asyncio.wait_for(task, 30)


async def test_a_judge_at_an_endpoint(judge, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        judge=JudgeSettings(
            base_url=judge.url, model="big", api_key="k", extra_body={"top_k": 1}, revision="r"
        ),
    )
    async with open_judge(settings, None, E5(), Watcher()) as scorers:
        result = await scorers[0].score(SAMPLE)
    assert isinstance(result, Score)
    assert [s.name for s in scorers] == [
        "faithfulness",
        "factual_correctness",
        "answer_relevancy",
        "context_precision",
    ]
    assert judge.bodies[0]["model"] == "big"
    assert judge.bodies[0]["top_k"] == 1
    assert judge.headers[0]["authorization"] == "Bearer k"
    assert scorers[0].version.endswith("big@r")


async def test_what_cannot_tell_two_arms_apart_is_refused_at_start(judge, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        judge=JudgeSettings(base_url=judge.url, model="big"),
        guard=GuardSettings(metrics=("fast", "context_precision")),
    )
    with pytest.raises(SettingsError, match="from the same passages") as refused:
        async with build.open_scorers(settings, None, E5(), near_copies(), Watcher()):
            pass
    assert "evals.judge_metrics" in refused.value.hint


async def test_no_judge_unless_one_is_set(tmp_path: Path) -> None:
    async with open_judge(Settings(data_dir=tmp_path), None, E5(), Watcher()) as scorers:
        assert scorers == ()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WEIGHTS": "w", "MODEL": "m", "BASE_URL": "http://x"}, "not both"),
        ({"MODEL": "m"}, "needs both base_url and model"),
        ({"BASE_URL": "http://x"}, "needs both base_url and model"),
        ({"TIMEOUT_S": "0"}, "judge.timeout_s"),
    ],
)
def test_settings_that_are_wrong(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"ROUTEBACK_JUDGE__{name}", value)
    with pytest.raises(SettingsError, match=said):
        load()
