"""Scores below which nothing is shown.

Low on purpose, since people write in words of their own: they stop what the passages plainly do not
carry. ``benchmarks/floors.py`` says what they stop, rightly and wrongly.
"""

from typing import Final

SENTENCE: Final = 0.3
ANSWER: Final = 0.08
