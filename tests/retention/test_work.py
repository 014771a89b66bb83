"""What DBOS keeps of pairs, before there is anything."""

import pytest

from assistant.errors import DatabaseError
from assistant.retention import work


@pytest.mark.parametrize("content", [None, b""])
def test_where_no_pair_was_ever_made_there_is_nothing_to_forget(tmp_path, content):
    path = tmp_path / work.FILE
    if content is not None:
        path.write_bytes(content)  # as DBOS does, a moment before it makes its tables
    work.forget(path, None, ["one"])
    assert path.exists() == (content is not None)


def test_what_cannot_be_looked_into_is_no_pass(tmp_path):
    path = tmp_path / work.FILE
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(DatabaseError, match="could not be erased"):
        work.forget(path, None, ["one"])
