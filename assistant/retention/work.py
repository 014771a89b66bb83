"""What DBOS keeps of pairs: a workflow for each job, with what it was given and what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from assistant.errors import DatabaseError
from assistant.retention.selection import parts
from guardrails.failures import noted

FILE: Final = "work.sqlite"
AGAIN: Final = "#again"
"""Ends the name of a workflow whose end was lost: ``assistant.background.worker``."""


def forget(path: Path, job_ids: Sequence[str]) -> None:
    """Delete the workflows of jobs, with their inputs, outputs and errors.

    Raises:
        DatabaseError: they cannot be.
    """
    if not job_ids or not path.is_file():
        return
    from dbos import DBOSClient  # a second to import

    try:
        client = DBOSClient(system_database_url=f"sqlite:///{path}")
        try:
            for part in parts(job_ids):
                client.delete_workflows([*part, *(f"{job_id}{AGAIN}" for job_id in part)])
        finally:
            client.destroy()
    except Exception as error:
        raise DatabaseError(
            f"The workflows in {path} could not be erased ({noted(error, 'the queue')}).",
            hint="Check its rights and the free space of its disk, and erase again.",
        ) from error
