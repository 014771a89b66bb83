"""SIGTERM in the middle of a pair and of a change of the index: both are gone on with, whole."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from assistant.records.database import open_records
from guardrails.store.sql_tables import jobs, pairs
from tests.faults.house import House, served, until
from tests.faults.wire import wired
from tests.support.databases import in_a_file
from tests.support.documents import fill

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300), in_a_file]

ENTRIES = 400


def added(house: House) -> list[dict[str, object]]:
    """Add entries; return what was said until the end, or until the connection broke."""
    item = {"kind": "glossary", "language": "en", "source": "made"}
    items = [
        {**item, "key": f"k{n}", "name": f"Thing {n}", "text": f"Thing {n} is the {n}th of all."}
        for n in range(ENTRIES)
    ]
    url, lines = f"{house.running.url}/v1/knowledge", []
    try:
        sent = {"json": {"root": "made", "items": items}, "headers": house.running.headers}
        with httpx.stream("POST", url, timeout=60, **sent) as reply:
            lines += [json.loads(line) for line in reply.iter_lines()]
    except httpx.TransportError:
        return lines
    return lines


def test_what_is_under_way_is_gone_on_with(tmp_path: Path, cache_dir, documents):
    data = tmp_path / "data"
    fill(data, documents)
    with wired() as base, wired() as tuned, ThreadPoolExecutor(1) as editor:
        arm = {"name": "tuned", "base_url": tuned.url, "model": "scripted", "revision": "1"}
        more = {"OPENAI_BASE_URL": base.url, "ROUTEBACK_ARMS": json.dumps([arm])}
        with served(data, cache_dir, tmp_path / "log", **more) as house:
            tuned.does = "silent"
            house.said(house.ask())
            until(lambda: bool(tuned.asked))
            adding = editor.submit(added, house)
            time.sleep(0.5)
            assert house.stop() < 20
            taken = any("changes" in line for line in adding.result(10))
        tuned.does = "right"
        with served(data, cache_dir, tmp_path / "log", **more) as house:
            roots = house.call("GET", "/v1/knowledge").json()["roots"]
            counts = {root["name"]: root["passages"] for root in roots}
            assert counts.get("made", 0) in ({ENTRIES} if taken else {0, ENTRIES})
            assert counts["documents"]
            with open_records(data) as engine, engine.connect() as connection:
                waiting = select(jobs.c.id).where(jobs.c.state == "waiting")
                until(lambda: not connection.scalars(waiting).all())
                made = connection.scalars(select(pairs.c.id)).all()
                assert made == connection.scalars(select(jobs.c.id)).all()
            house.check_log()
