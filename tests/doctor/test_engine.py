"""The embedded engine, for real: its weights, an adapter, and a server that has it."""

import json
import shutil
from pathlib import Path

import pytest

from assistant.doctor.checkup import checkup
from assistant.doctor.diagnosis import PartState
from assistant.folders import close_to_others
from assistant.local.catalogue import QWEN_SMALL, SMOLLM
from assistant.settings import Settings
from tests.doctor.conftest import told
from tests.local.adapters import write_adapter
from tests.support.places import Place
from tests.support.server import environment, free_port, in_process, process, routeback

BAD = ("warning", "failed")
pytestmark = pytest.mark.slow


async def found(place: Place, tmp_path: Path, **more: object) -> dict[str, PartState]:
    close_to_others(place.folder)
    values = {
        "database_url": None,
        "data_dir": place.folder,
        "cache_dir": tmp_path / "cache",
        "offline": True,
        "knowledge": {"sample": False},
        "server": {"port": free_port(), "ui_port": free_port()},
        "engine": {"model": SMOLLM.name, "threads": 1},
    }
    settings = Settings(**{**values, **more})
    return {one.name: one.state for one in await checkup(settings)}


@pytest.mark.model
async def test_weights_that_load_and_write_are_well(place: Place, tmp_path: Path):
    states = await found(place, tmp_path, judge={"weights": SMOLLM.name})
    assert told(states, *BAD) == set()
    assert SMOLLM.title in states["base"].got
    assert "base's engine" in states["judge"].got


@pytest.mark.model
async def test_weights_that_are_not_here_are_warned_of(place: Place, tmp_path: Path):
    states = await found(place, tmp_path, engine={"model": QWEN_SMALL.name, "threads": 1})
    assert told(states, *BAD) == {"base"}
    assert states["base"].status == "warning"
    assert f"routeback models pull {QWEN_SMALL.name}" in states["base"].todo


async def test_weights_with_wrong_bytes_are_one_failure(place: Place, tmp_path: Path):
    models = tmp_path / "cache" / "models"
    models.mkdir(parents=True)
    (models / QWEN_SMALL.filename).write_bytes(b"GGUF" + bytes(1000))
    adapter = tmp_path / "tone.gguf"
    adapter.write_bytes(b"GGUF")
    states = await found(
        place,
        tmp_path,
        engine={"model": QWEN_SMALL.name, "threads": 1},
        arms=[{"name": "tone", "adapter": adapter}],
    )
    assert told(states, *BAD) == {"base"}
    assert "SHA-256" in states["base"].got
    assert states["arm.tone"].got == "base comes first"


@pytest.mark.model
async def test_an_adapter_that_does_not_fit_is_one_failure(place: Place, tmp_path: Path):
    from assistant import sample

    adapter = tmp_path / "tone.gguf"
    shutil.copy(next(iter(sample.adapters().values())), adapter)  # of other weights
    states = await found(
        place,
        tmp_path,
        arms=[
            {"name": "tone", "adapter": adapter},
            {"name": "gone", "adapter": tmp_path / "gone.gguf"},
        ],
    )
    assert told(states, *BAD) == {"arm.tone", "arm.gone"}
    assert "not there" in states["arm.gone"].got


@pytest.mark.model
async def test_an_adapter_that_fits_writes(place: Place, tmp_path: Path):
    adapter = write_adapter(tmp_path / "tone.gguf", seed=1, spread=0.01)
    arm = {"name": "tone", "adapter": adapter, "ladder": [1.0, 0.5]}
    states = await found(place, tmp_path, arms=[arm])
    assert told(states, *BAD) == set()
    assert "is loaded" in states["arm.tone"].got


@pytest.mark.model
def test_a_server_that_runs_is_asked(tmp_path: Path, cache_dir: Path):
    """The default, with the smallest model: no key, no network."""
    env = environment(
        tmp_path / "data",
        cache_dir,
        ROUTEBACK_ENGINE__MODEL=SMOLLM.name,
        ROUTEBACK_SERVER__PORT=str(free_port()),
        ROUTEBACK_SERVER__UI_PORT=str(free_port()),
    )
    fresh = routeback("doctor", "--json", env=env)
    assert fresh.returncode == 0, fresh.stdout
    assert json.loads(fresh.stdout)["status"] == "ok"
    adapter = write_adapter(tmp_path / "tone.gguf", seed=1, spread=0.01)
    env["ROUTEBACK_ARMS"] = json.dumps([{"name": "tone", "adapter": str(adapter)}])
    with process("serve", env=env) as running:
        for _ in range(60):
            done = in_process("doctor", "--json", env=env)
            told_ = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
            if told_["base"]["status"] == "ok":
                break
        assert done.returncode == 0, done.stdout
        bad = {name: one for name, one in told_.items() if one["status"] in BAD}
        assert bad == {}
        assert running.url in told_["index"]["got"]
        assert "in the server" in told_["base"]["got"]
        assert told_["server"]["status"] == "ok"
        assert "held by the server" in told_["arm.tone"]["got"]
    after = routeback("doctor", env=env)
    assert after.returncode == 0, after.stdout
    assert "failed" not in after.stdout
