"""The engine's process with a setting that is known to be unsafe: see ``test_engine_bugs``."""

import os
from typing import Any

from assistant.local import engine_child

UNSAFE = "UNSAFE_ENGINE"


def unsafe(params: Any) -> Any:
    """Return the parameters with what llama.cpp does by default."""
    import xllamacpp

    if os.environ[UNSAFE] == "shared cache":
        params.cache_ram_mib = xllamacpp.CommonParams().cache_ram_mib
    else:
        adapters = params.lora_adapters
        for adapter in adapters:
            adapter.scale = 1.0
        params.lora_adapters = adapters
    return params


if __name__ == "__main__":
    engine_child.main(unsafe)
