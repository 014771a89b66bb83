"""Replies are as the OpenAPI document says: a short run of ``make fuzz``, the same each time.

What each role may call is walked by ``tests/access/test_grants.py``, and by the long run.
"""

from pathlib import Path

import pytest

from tests.support.fuzz import NOBODY, Fuzzed, call, fuzzed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path, documents: Path) -> Fuzzed:
    with fuzzed(tmp_path_factory.mktemp("fuzzed"), cache_dir, documents) as running:
        yield running


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", [NOBODY, "all"])
def test_every_reply_is_as_the_document_says(server, tmp_path, role):
    outcome = call(server, role, tmp_path, examples=1, seed=1, phases="examples,fuzzing")
    assert outcome.failed == ""
    assert max(outcome.statuses) < 500
    assert outcome.calls > 150
    expected = {"all": {200, 400, 404}, NOBODY: {200, 401}}
    assert outcome.statuses.keys() >= expected[role]
