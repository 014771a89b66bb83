"""Text written by others, made safe to show to a judge.

Three things keep a text from being taken for an instruction. It stands inside a JSON string, so
that quotes and line ends cannot close it. It stands between marks made from its own hash, which
a text cannot contain. And control tokens of chat templates, which an inference server would
read as the end of a turn wherever they stand, are broken up here.
"""

import re
import unicodedata
from typing import Final

from guardrails import digests

_BARRED: Final = re.compile(r"<[|｜]|[|｜]>")
_TEMPLATE: Final = re.compile(
    r"<(?=/?(?:s|bos|eos|pad|unk|mask|cls|sep|start_of_turn|end_of_turn|think|thinking"
    r"|tool_call|tool_response|tools|system|user|assistant|fim_\w+|file_sep|repo_name|reponame"
    r"|begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|image|audio)>)"
    r"|<(?=</?SYS>>)|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+)\])",
    re.IGNORECASE,
)
_KEPT_CONTROLS: Final = frozenset("\n\t")
_DROPPED: Final = frozenset({"Cc", "Cf", "Co", "Cn"})


def neutral(text: str) -> str:
    """Return ``text`` without invisible characters and with control tokens broken up.

    ``<|im_end|>`` becomes ``< |im_end| >``; ordinary HTML, code and citation marks stay as they
    are. Lone surrogates, which no JSON body can carry, become U+FFFD.
    """
    sound = text.encode("utf-8", "replace").decode("utf-8")
    shown = "".join(
        c for c in sound if c in _KEPT_CONTROLS or unicodedata.category(c) not in _DROPPED
    )
    spaced = _BARRED.sub(lambda match: " ".join(match.group()), shown)
    return _TEMPLATE.sub(lambda match: match.group() + " ", spaced)


def marked(body: str) -> str:
    """Return ``body`` between two marks that it does not contain (48 bits of its SHA-256)."""
    mark = digests.of(body)[:12]
    return f"BEGIN {mark}\n{body}\nEND {mark}"
