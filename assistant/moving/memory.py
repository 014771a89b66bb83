"""What LangGraph remembers of conversations, copied checkpoint by checkpoint and compared."""

from collections import defaultdict
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from assistant.errors import DatabaseError
from assistant.progress import Progress

Saver = BaseCheckpointSaver[Any]


async def copied(source: Saver, target: Saver, progress: Progress) -> int:
    """Copy all checkpoints that the target lacks; return how many the source has."""
    count = 0
    async for saved in source.alist(None):
        if await target.aget_tuple(saved.config) is None:
            await _put(target, saved)
        count += 1
        progress("conversations", count, count)
    return count


async def check_same(source: Saver, target: Saver, progress: Progress) -> None:
    """Compare every checkpoint.

    Raises:
        DatabaseError: one is missing or not the same.
    """
    count = 0
    async for saved in source.alist(None):
        count += 1
        other = await target.aget_tuple(saved.config)
        if other is None or _plain(saved) != _plain(other):
            thread = saved.config["configurable"]["thread_id"]
            raise DatabaseError(
                f"What is remembered of the conversation {thread} is not as it was.",
                hint="Nothing of the source was changed: go on using it, and report this.",
            )
        progress("conversations, compared", count, count)


async def _put(target: Saver, saved: CheckpointTuple) -> None:
    where = saved.config["configurable"]
    config: Any = {
        "configurable": {
            "thread_id": where["thread_id"],
            "checkpoint_ns": where.get("checkpoint_ns", ""),
        }
    }
    if saved.parent_config is not None:
        before = saved.parent_config["configurable"]["checkpoint_id"]
        config["configurable"]["checkpoint_id"] = before
    versions = saved.checkpoint["channel_versions"]
    await target.aput(config, saved.checkpoint, saved.metadata, versions)
    writes = defaultdict[str, list[tuple[str, Any]]](list)
    for task, channel, value in saved.pending_writes or ():
        writes[task].append((channel, value))
    for task, given in writes.items():
        await target.aput_writes(saved.config, given, task)


def _plain(saved: CheckpointTuple) -> tuple[Any, ...]:
    """Return what of a checkpoint is the same in every engine."""
    parent = saved.parent_config and saved.parent_config["configurable"]["checkpoint_id"]
    writes = sorted((task, channel) for task, channel, _ in saved.pending_writes or ())
    checkpoint = saved.checkpoint
    values = {name: repr(value) for name, value in checkpoint["channel_values"].items()}
    return (
        *(checkpoint["id"], checkpoint["ts"], checkpoint["channel_versions"]),
        *(checkpoint["versions_seen"], values, writes, parent),
    )
