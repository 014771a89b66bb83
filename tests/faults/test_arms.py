"""Arms that are gone, hang, drip or talk nonsense, while people ask a real server."""

import json
import time
from collections.abc import Iterator
from itertools import product

import pytest

from tests.faults.house import DOCUMENT, House, served
from tests.faults.wire import GARBAGE, HUNG, Wire, wired
from tests.support.databases import WANTED
from tests.support.documents import fill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DEADLINE_S = 1.5
MARGIN_S = 10.0  # of a busy machine; who hung would be waited for 120 s
FAULTS = ("killed", *HUNG, *(name for name in GARBAGE if name != "NaN"))


@pytest.fixture(scope="module")
def arms() -> Iterator[tuple[Wire, Wire]]:
    with wired() as base, wired() as tuned:
        yield base, tuned


@pytest.fixture(scope="module")
def house(arms, tmp_path_factory, cache_dir, documents, request) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("arms")
    fill(folder / "data", documents)
    base, tuned = arms
    arm = {"name": "tuned", "base_url": tuned.url, "model": "scripted", "revision": "1"}
    more = {}
    if WANTED != "sqlite":
        more["ROUTEBACK_DATABASE_URL"] = request.getfixturevalue("new_url")()
    with served(
        folder / "data",
        cache_dir,
        folder / "log",
        OPENAI_BASE_URL=base.url,
        ROUTEBACK_ARMS=json.dumps([arm]),
        ROUTEBACK_GUARD__DEADLINE_S=str(DEADLINE_S),
        ROUTEBACK_GUARD__BREAKER_FAILURES="1000",
        ROUTEBACK_GUARD__PAIR_RATE="0",
        **more,
    ) as house:
        yield house
        house.check_log()


def broken(who: str, arms: tuple[Wire, Wire], house: House) -> list[Wire]:
    """Return who is to be broken; where a candidate is, it answers people."""
    stage = "shadow" if who == "base" else "serving"
    pin = {"arm": "tuned", "segment": "glossary/en", "stage": stage, "by": "a", "why": "b"}
    assert house.call("POST", "/v1/guard/pin", json=pin).is_success
    return {"base": [arms[0]], "a candidate": [arms[1]], "both": list(arms)}[who]


@pytest.mark.parametrize(
    ("who", "fault"),
    [*product(["base", "a candidate"], FAULTS), ("both", "killed"), ("both", "silent")],
)
def test_somebody_answers_in_time(house: House, arms, who: str, fault: str):
    wires = broken(who, arms, house)
    for wire in wires:
        if fault == "killed":
            wire.kill()
        else:
            wire.does = fault
    began = time.monotonic()
    try:
        text, told = house.said(house.ask())
    finally:
        for wire in wires:
            wire.does = "right"
            if fault == "killed":
                wire.start()
    assert time.monotonic() - began < DEADLINE_S + MARGIN_S
    assert DOCUMENT in text
    assert told["checked"]
    assert told["route"]["arm"] == ("quote" if arms[0] in wires else "base")
    assert told["fell_back"]


@pytest.mark.parametrize("who", ["base", "a candidate"])
def test_nonsense_of_the_tokens_that_it_took_is_an_answer_all_the_same(house: House, arms, who):
    (wire,) = broken(who, arms, house)
    wire.does = "NaN"
    try:  # on a busy machine a right answer may be late as well
        text, told = next(
            (text, told)
            for text, told in (house.said(house.ask()) for _ in range(5))
            if not told["fell_back"]
        )
    finally:
        wire.does = "right"
    assert DOCUMENT in text
    assert told["checked"]
    assert told["route"]["arm"] == {"base": "base", "a candidate": "tuned"}[who]
