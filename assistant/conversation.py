"""What is said in a conversation."""

from typing import TypedDict


class Message(TypedDict):
    """One thing that was said. role: ``system``, ``user`` or ``assistant``."""

    role: str
    content: str
