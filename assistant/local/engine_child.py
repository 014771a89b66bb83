"""The engine's own process: one llama.cpp server, told on stdin what to load.

Run as ``python -m assistant.local.engine_child``. The parent writes one JSON line and keeps
the pipe open; when the pipe closes, for whatever reason, this process ends at once, so a
killed parent leaves no orphan. The first line on stdout is ``{"port": N}``.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

_ALIKE = 0.3
"""Share of a prompt that a slot must hold already to be given it, rather than the idlest one."""


def parameters(spec: dict[str, Any]) -> Any:
    """Return the parameters of the server that ``spec`` describes."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = spec["weights"]
    params.n_ctx = spec["context_tokens"] * spec["slots"]
    # Between two batches it notices that nobody waits any more: 512 at a time, as it is by default,
    # kept others waiting for 18 to 30 s after a reader had left; reading is as fast with 128.
    params.n_batch = params.n_ubatch = 128
    params.n_parallel = spec["slots"]
    params.cpuparams.n_threads = spec["threads"]
    params.cpuparams_batch.n_threads = spec["threads"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [spec["api_key"]]
    params.cors_origins = ""
    params.endpoint_slots = False
    params.ui = False
    params.verbosity = 1
    # With it on, an answer of one adapter is served from the cached prefix of another
    # (ggml-org/llama.cpp #26207).
    params.cache_ram_mib = 0
    # A slot keeps what it has read. All prompts of one program begin with the same few sentences,
    # which at the default of .1 is enough to send them all to one slot and leave the others empty.
    params.slot_prompt_similarity = _ALIKE
    adapters = []
    for path in spec["adapters"]:
        info = xllamacpp.CommonAdapterLoraInfo()
        info.path = path
        # At 1, which it is by default, base answers as tuned (ggml-org/llama.cpp #28674).
        info.scale = 0.0
        adapters.append(info)
    params.lora_adapters = adapters
    return params


def serve(params: Any) -> int:
    """Start a server and return its port on 127.0.0.1."""
    import xllamacpp

    server = xllamacpp.Server(params)
    _KEEP.append(server)
    return int(server.listening_address.rsplit(":", 1)[1])


_KEEP: list[Any] = []  # the server stops when its object is collected


def main(changed: Callable[[Any], Any] = lambda params: params) -> None:
    """Serve until stdin closes. changed: what becomes of the parameters first."""
    port = serve(changed(parameters(json.loads(sys.stdin.readline()))))
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # native threads are still decoding; a clean exit would wait for them


if __name__ == "__main__":
    main()
