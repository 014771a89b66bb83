"""What is said of an exception: its kind to everybody, its text to operators alone.

The text of an exception is another program's: a provider repeats the key that it refuses, a driver
the address with its password. So it is in no answer, record or alarm, only in the log, and there
without what looks like a key.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

log = logging.getLogger(__name__)

_GONE: Final = "[secret]"
_LONGEST: Final = 300
_READ: Final = 2000
_ADDRESS: Final = re.compile(r"(?<=://)[^\s@]+(?:@[^\s@]+)*(?=@)")
"""User and password of an address."""
_LABELLED: Final = re.compile(
    r"((?:key|token|secret|passw(?:or)?d|pwd|authorization|credentials?|signature|sig)"
    r"(?:[\"'`]?(?: provided| is| was)?\s*[=:]\s*[\"'`]?|\s+[\"'`]))(?:(?:bearer|basic)\s+)?"
    r"[^\s\"'`,;&<>(){}]+",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(r"\b(bearer|basic)\s+[\w+/=.~*-]{4,}", re.IGNORECASE)
KEY_PREFIXES: Final = (
    r"[sprg]k|gh[opsur]|github_pat|glpat|xox[a-z]|hf|nvapi|pplx|AKIA|ASIA|AIza|ya29|rbk"
)
"""What makers begin their keys with, as a pattern; ours among them."""
_GIVEN: Final = re.compile(r"(input_value=).*?(?=, input_type=|$)", re.DOTALL)
"""What pydantic repeats of what it refuses: somebody's text."""
_KEY: Final = re.compile(
    rf"(?<![A-Za-z0-9])(?:{KEY_PREFIXES}|eyJ)[\w.*-]{{6,}}"
    r"|(?<![\w+=*~])(?=[A-Za-z_+=~]*[\d*])[\w+=*~]{20,}"
)
"""What begins as keys do, and long words with digits."""


@contextmanager
def unpanicked() -> Iterator[None]:
    """Raise a panic of a library in Rust as an exception, which by itself it is not.

    Raises:
        RuntimeError: something panicked.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise RuntimeError(str(error)) from error
        raise


def kind(error: BaseException) -> str:
    """Return what kind of failure an exception is; it says nothing that came from elsewhere."""
    return type(error).__name__


def noted(error: BaseException, who: str) -> str:
    """Log what an exception says of ``who`` failed; return its kind, for a message."""
    log.warning("%s failed: %s", who, told(error))
    return kind(error)


def told(error: BaseException) -> str:
    """Return an exception as an operator may read it: short, in one line, without keys.

    Nor with what pydantic repeats of what it refuses.
    """
    text = _GIVEN.sub(r"\1[…]", f"{kind(error)}: {error}")
    words = without_keys(text[:_READ]).split()
    if len(text) > _READ:
        words.pop()  # a key may have been cut in half
    clean = " ".join(words).rstrip(": ")
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]} …"


def without_keys(text: str) -> str:
    """Return a text without passwords, keys and tokens, and what only looks like one."""
    text = _ADDRESS.sub(_GONE, text)
    text = _LABELLED.sub(rf"\1{_GONE}", text)
    text = _BEARER.sub(rf"\1 {_GONE}", text)
    return _KEY.sub(_GONE, text)
