"""Environment that native libraries read once, when they load.

``prepare`` must run before llama.cpp, OpenMP or LangChain are loaded; entry points call it first.
A value that the user has set is left alone.
"""

import gc
import os
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Final

QUIET: Mapping[str, str] = MappingProxyType(
    {
        # Spinning OpenMP threads starve each other when a neighbour is busy.
        "OMP_WAIT_POLICY": "PASSIVE",
        # The same of numpy's and scipy's; our matrices are small, and one thread is faster.
        "OPENBLAS_NUM_THREADS": "1",
        "RAGAS_DO_NOT_TRACK": "true",
        "LANGSMITH_TRACING": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        # A checkpoint may only be read back as the plain types that were written.
        "LANGGRAPH_STRICT_MSGPACK": "true",
    }
)


_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy"})
_HERE: Final = "127.0.0.1,localhost,::1"


def prepare(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set the quiet, offline, thread-friendly defaults that are not set yet.

    What is on this machine is not asked by a proxy, unless somebody has said what is.
    """
    for name, value in QUIET.items():
        environ.setdefault(name, value)
    names = {name.lower() for name, value in environ.items() if value}
    if names & _PROXIES and "no_proxy" not in names:
        environ["NO_PROXY"] = _HERE


def settle() -> None:
    """Leave what is loaded by now out of all collections of garbage to come.

    There are more than a million objects of libraries, and to look through them halts every answer
    for a third of a second. For a process that is to run long, once it is ready.
    """
    gc.collect()
    gc.freeze()
