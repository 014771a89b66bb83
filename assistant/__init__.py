"""The assistant: answers glossary and support questions from a company's own documents.

What other programs may import is in ``__all__``, and docs/library.md describes it; a name is
loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.app import open_assistant
    from assistant.assistant import Assistant
    from assistant.environment import prepare
    from assistant.errors import RoutebackError
    from assistant.progress import Watcher
    from assistant.records.turns import Turn
    from assistant.settings import Settings

__all__ = [
    "Assistant",
    "RoutebackError",
    "Settings",
    "Turn",
    "Watcher",
    "open_assistant",
    "prepare",
]

_HOMES = {
    "Assistant": "assistant",
    "RoutebackError": "errors",
    "Settings": "settings",
    "Turn": "records.turns",
    "Watcher": "progress",
    "open_assistant": "app",
    "prepare": "environment",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name from the module where it lives."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
