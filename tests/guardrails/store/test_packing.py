import json
import math

import pytest

from guardrails.rules.evidence import Evidence
from guardrails.rules.policy import Policy
from guardrails.store.packing import pack, unpack
from tests.guardrails.conftest import Stream


def test_evidence_is_the_same_bit_for_bit(monitor):
    stream, evidence = Stream(monitor), Evidence.fresh(Policy())
    for n in range(60):
        evidence.add(stream.pair("a/en", math.sin(n) / 3))
    kept = json.dumps(pack(evidence.state()))
    again = Evidence.restore(unpack(json.loads(kept)))
    assert again.state() == evidence.state()
    assert len(kept) < len(json.dumps(evidence.state())) / 1.5


def test_what_was_stored_before_it_was_packed_is_still_read(monitor):
    evidence = Evidence.fresh(Policy())
    state = json.loads(json.dumps(evidence.state()))
    assert Evidence.restore(unpack(state)).state() == evidence.state()


@pytest.mark.parametrize("value", [[], [1, 2], ["a"] * 20, [0.5] * 3, {"a": [True] * 9}, None, 1.0])
def test_anything_else_stays_as_it_is(value):
    assert pack(value) == value
    assert unpack(value) == value
