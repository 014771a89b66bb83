"""One generation of the embedded index: how it is laid out, and whether it can be opened.

The engine maps files that are larger than what is in them. A page of such a file takes room on the
disk when it is first touched, and where there is none the system ends the process with a bus error:
no exception, no message. Whether opening touches pages depends on the file system (tmpfs: some
120 MB; ext4: next to none). So where less is free than all pages together could take, another
process opens the index first.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import qdrant_edge as edge

from assistant.errors import KnowledgeError

_TRIAL_S: Final = 600
_UNSEARCHED: Final = (0, 4, 10_000)
"""Edges of a graph's node: none; the rest, which the engine wants told, is of no use then."""
_SPARE: Final = 16 << 20
"""Bytes beside what the maps may take: the engine writes small files as it opens."""


def layout(dimensions: int) -> "edge.EdgeConfig":
    """Return which vectors a point has; its windows are only weighed, and never searched in."""
    cosine, best = edge.Distance.Cosine, edge.MultiVectorComparator.MaxSim
    return edge.EdgeConfig(
        vectors={
            "dense": edge.EdgeVectorParams(dimensions, cosine),
            "windows": edge.EdgeVectorParams(
                dimensions,
                cosine,
                multivector_config=edge.MultiVectorConfig(best),
                hnsw_config=edge.HnswIndexConfig(*_UNSEARCHED),
            ),
        },
        sparse_vectors={"bm25": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
    )


def load(path: Path, dimensions: int) -> "edge.EdgeShard":
    """Open what is there.

    Raises:
        KnowledgeError: the disk is too full for it.
    """
    if shutil.disk_usage(path).free < _unfilled(path) + _SPARE:
        _try(path, dimensions)
    return edge.EdgeShard.load(str(path), layout(dimensions))


def full(folder: Path, needed: int) -> KnowledgeError | None:
    """Return why ``needed`` bytes cannot be written in ``folder``, or None: they can."""
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return None
    return KnowledgeError(
        f"Indexing needs about {needed / 1e6:.0f} MB in {folder}, "
        f"and {free / 1e6:.0f} MB are free; nothing was changed.",
        hint="Free some space or set ROUTEBACK_DATA_DIR to another folder.",
    )


def _unfilled(path: Path) -> int:
    """Return the bytes that the files would take if they were filled, beside what they have."""
    stats = [file.stat() for file in path.rglob("*") if file.is_file()]
    return sum(max(0, one.st_size - one.st_blocks * 512) for one in stats)


def _try(path: Path, dimensions: int) -> None:
    """Open the index in another process; pages that it touches have their room from then on."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", __name__, str(path), str(dimensions)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TRIAL_S,
        check=False,
    )
    if done.returncode < 0:  # by a signal
        free = shutil.disk_usage(path).free
        raise KnowledgeError(
            f"The index {path} cannot be opened: {signal.strsignal(-done.returncode)}, and "
            f"{free / 1e6:.0f} MB of the disk are free of up to {_unfilled(path) / 1e6:.0f} MB "
            "that it takes.",
            hint="Free some space; nothing is lost.",
        )


def main() -> None:
    """Open the index that the arguments name, and close it."""
    path, dimensions = sys.argv[1:]
    edge.EdgeShard.load(path, layout(int(dimensions))).close()


if __name__ == "__main__":
    main()
