"""The servers of these benchmarks: the scripted endpoint, the bare pass-through, the product."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.load import processes
from benchmarks.load.arms import EACH_S, FIRST_S
from benchmarks.load.processes import Process

SERVE: Final = (str(Path(sys.executable).parent / "routeback"), "serve")
"""The product as it is."""
UNCHECKED: Final = tuple(processes.module("unchecked"))
"""The product with a gate that lets everything through."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The scripted endpoint."""

    process: Process
    url: str

    def pace(self, first_s: float = FIRST_S, each_s: float = EACH_S) -> None:
        """Let it speak so fast from now on."""
        told = {"first_s": first_s, "each_s": each_s}
        httpx.post(f"{self.url}/pace", json=told, trust_env=False).raise_for_status()

    def heard(self) -> list[dict[str, Any]]:
        """Return what was asked since the last time."""
        told = httpx.get(f"{self.url}/heard", timeout=60, trust_env=False)
        return list(told.json())


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers questions. folder: of its data."""

    process: Process
    url: str
    folder: Path


@contextmanager
def scripted(folder: Path) -> Iterator[Endpoint]:
    """Run the scripted endpoint until the block ends."""
    port = processes.free_port()
    command = processes.module("arms", str(port))
    with processes.running(command, folder / "arms.log") as process:
        url = f"http://127.0.0.1:{port}"
        processes.until(lambda: processes.answers(f"{url}/v1/models"), process)
        yield Endpoint(process, url)


@contextmanager
def bare(folder: Path, endpoint: Endpoint) -> Iterator[Server]:
    """Run the bare pass-through until the block ends."""
    port = processes.free_port()
    command = processes.module("passthrough", str(port), f"{endpoint.url}/v1")
    with processes.running(command, folder / "passthrough.log") as process:
        url = f"http://127.0.0.1:{port}"
        processes.until(lambda: processes.answers(f"{url}/readyz"), process)
        yield Server(process, url, folder)


@contextmanager
def serving(
    folder: Path,
    endpoint: Endpoint,
    settings: Mapping[str, str],
    command: Sequence[str] = SERVE,
) -> Iterator[Server]:
    """Run a server of the product until the block ends. folder: for its data.

    Nothing is compared beside the answers, unless ``settings`` say so.
    """
    folder.mkdir(exist_ok=True)
    port = processes.free_port()
    env = processes.environment(
        folder,
        OPENAI_BASE_URL=f"{endpoint.url}/v1",
        ROUTEBACK_SERVER__PORT=str(port),
        **{"ROUTEBACK_GUARD__PAIR_RATE": "0", **settings},
    )
    with processes.running(list(command), folder / "serve.log", env) as process:
        url = f"http://127.0.0.1:{port}"
        processes.until(lambda: processes.answers(f"{url}/readyz"), process)
        yield Server(process, url, folder)
