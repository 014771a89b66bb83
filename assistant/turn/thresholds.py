"""From how likely a passage is quoted, offered or named; ``benchmarks`` (selection) chose them."""

from typing import Final

QUOTE: Final = 0.5
"""Probability from which a passage is taken to answer."""
TOGETHER: Final = 0.6
"""Probability that one of several answers, from which it is worth asking which."""
RIVAL: Final = 0.1
"""Probability from which a passage is a choice."""
MOST_CHOICES: Final = 4
CLOSEST: Final = 3
"""Entries that are named when there is no answer."""
NEAR: Final = 0.05
"""Probability below which an entry is not worth naming.

Of questions that are left though an entry answers, it is among the named in 84 of 100.
"""
LONG: Final = 700
"""Characters from which a page's passage is too long to be read as an answer."""
