"""Two hundred clients of twenty people: nobody gets another's answer, or twice their share."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import httpx

from benchmarks.network.intrusions import CHAT, Outcome
from benchmarks.network.server import PEOPLE, Target

CLIENTS: Final = 200
SECONDS: Final = 25.0
_GREEDY: Final = 60
"""Clients of the first person, who never wait; the others have about seven each."""
_BUSY: Final = 429


@dataclass
class Seen:
    """What came back. crossed: answers that are another's; wrong: of the server."""

    answered: Counter[str] = field(default_factory=Counter)
    owners: dict[str, str] = field(default_factory=dict)
    crossed: int = 0
    busy: int = 0
    honest: int = 0
    wrong: int = 0


def crowd(target: Target) -> Outcome:
    """Let all ask at once for a while; one asks much more than the others, and never waits."""
    seen = asyncio.run(_all(target))
    total = seen.answered.total()
    share = total / PEOPLE
    most = max(seen.answered.values(), default=0)
    unfair = sum(count > 2 * share for count in seen.answered.values())
    through = seen.crossed + seen.wrong + unfair + (seen.busy != seen.honest)
    told = (
        f"{total} answers, most of one {most / max(share, 1):.2f} of a share, "
        f"fewest {min(seen.answered.values(), default=0) / max(share, 1):.2f}; "
        f"{seen.busy} times 429, each with Retry-After"
    )
    return Outcome("200 clients of 20 people", total + seen.busy, through, told)


async def _all(target: Target) -> Seen:
    seen, ends = Seen(), time.monotonic() + SECONDS
    names = [f"person-{number:02}" for number in range(PEOPLE)]
    crowd = [names[0]] * _GREEDY
    crowd += [names[1 + number % (PEOPLE - 1)] for number in range(CLIENTS - _GREEDY)]
    async with httpx.AsyncClient(
        base_url=target.url,
        timeout=60,
        trust_env=False,
        limits=httpx.Limits(max_connections=None, keepalive_expiry=2),
    ) as client:
        await asyncio.gather(
            *(
                _one(client, name, number, target.keys[name], seen, ends)
                for number, name in enumerate(crowd)
            )
        )
    return seen


async def _one(
    client: httpx.AsyncClient, name: str, number: int, key: str, seen: Seen, ends: float
) -> None:
    headers, count = {"Authorization": f"Bearer {key}"}, 0
    conversation: str | None = None
    while time.monotonic() < ends:
        marker = f"mark{number}x{count}"
        count += 1
        ours = {"conversation_id": conversation} if conversation else {}
        messages = [{"role": "user", "content": f"What is a token? {marker}"}]
        reply = await client.post(
            CHAT, json={"messages": messages, "routeback": ours}, headers=headers
        )
        if reply.status_code == _BUSY:
            after = reply.headers.get("retry-after", "")
            seen.busy += 1
            seen.honest += after.isdigit() and 1 <= int(after) <= 600
            await asyncio.sleep(0.05 if number < _GREEDY else min(1.0, float(after or 1)))
            continue
        if not reply.is_success:
            seen.wrong += 1
            continue
        told = reply.json()["routeback"]
        conversation = told["conversation_id"]
        owner = seen.owners.setdefault(conversation, name)
        seen.crossed += marker not in told["standalone"] or owner != name
        seen.answered[name] += 1
