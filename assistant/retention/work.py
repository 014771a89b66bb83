"""What DBOS keeps of pairs: a workflow for each job, with what it was given and what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, NullPool, create_engine, inspect

from assistant.errors import DatabaseError
from assistant.records.database import libpq
from assistant.retention.selection import parts
from guardrails.failures import noted

FILE: Final = "work.sqlite"
_SCHEMA, _WORKFLOWS = "dbos", "workflow_status"
AGAIN: Final = "#again"
"""Ends the name of a workflow whose end was lost: ``assistant.background.worker``."""


def forget(path: Path, server: Engine | None, job_ids: Sequence[str]) -> None:
    """Delete the workflows of jobs, with their inputs, outputs and errors.

    path: the file, where they lie in one. server: the database, where they lie there.

    Raises:
        DatabaseError: they cannot be.
    """
    if not job_ids or (server is None and not path.is_file()):
        return
    try:
        if not _begun(path, server):
            return
        from dbos import DBOSClient  # a second to import

        url = f"sqlite:///{path}"
        if server is not None:
            url = libpq(server.url.render_as_string(hide_password=False))
        client = DBOSClient(system_database_url=url)
        try:
            for part in parts(job_ids):
                client.delete_workflows([*part, *(f"{job_id}{AGAIN}" for job_id in part)])
        finally:
            client.destroy()
    except Exception as error:
        raise DatabaseError(
            f"The workflows of pairs could not be erased ({noted(error, 'the queue')}).",
            hint="Check its rights and the free space of its disk, and erase again.",
        ) from error


def _begun(path: Path, server: Engine | None) -> bool:
    """Return whether there is any workflow to look for: DBOS makes its tables in one transaction.

    It makes its file a moment before.
    """
    if server is not None:
        return inspect(server).has_table(_WORKFLOWS, schema=_SCHEMA)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    return inspect(engine).has_table(_WORKFLOWS)
