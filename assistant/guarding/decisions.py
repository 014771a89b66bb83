"""Decisions as they are stored: found by their id, shown, and replayed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from assistant.errors import UnknownName
from assistant.wire.guard import DecisionView, ReplayView
from guardrails import digests
from guardrails.decisions import Decision, replay
from guardrails.rules.evidence import Summary
from guardrails.rules.policy import FIRST, Policy
from guardrails.rules.promise import promised
from guardrails.store.store import Ledger
from guardrails.types import QUOTE

_FEW: Final = 5


def view(decision: Decision) -> DecisionView:
    """Return what is on record of a decision, its id and the record's SHA-256."""
    return _view(decision.id, decision.record())


def shown(ledger: Ledger, decision_id: str) -> DecisionView:
    """Return the decision of that id, or of the only id that begins so.

    With what readers are promised of the candidate there, by the policy that decided; empty where
    the rule of that time promised nothing.

    Raises:
        UnknownName: there is none, or several.
    """
    name, record = _record(ledger, decision_id)
    return _view(name, record).model_copy(update={"promise": _promise(json.loads(record))})


def _view(name: str, record: bytes) -> DecisionView:
    more = {"id": name, "sha256": digests.of(record)}
    return DecisionView.model_validate({**json.loads(record), **more})


def _promise(values: Mapping[str, Any]) -> str:
    inputs = values["inputs"]
    policy = Policy.of(inputs["policy"])
    if policy.rule == FIRST or values["arm"] == QUOTE or "permission" in inputs:
        return ""
    summary = Summary.of(values["summary"]) if values["summary"] else None
    moved = values["before"] != values["after"]
    return promised(policy, inputs.get("rate", 1.0), summary, anew=moved).words


def replayed(ledger: Ledger, decision_id: str) -> ReplayView:
    """Decide again from the stored pairs, and compare with the stored bytes.

    same: whether they are the same, byte for byte, and belong to the id. record, replayed: the
    bytes as text; ``replayed`` is None if nothing would be decided. differences: what is not the
    same, for a person.

    Raises:
        UnknownName: there is no such decision, or there are several.
    """
    name, record = _record(ledger, decision_id)
    try:
        decided = replay(Decision.read(record), ledger.pairs)
    except (ValueError, KeyError, TypeError) as error:
        again, differences = None, [f"the record cannot be replayed: {error!r}"]
    else:
        again = decided.record() if decided else None
        differences = _differences(record, again)
    if not digests.of(record).startswith(name):
        differences.insert(0, f"the stored record is not the one that {name} was made of")
    return ReplayView(
        id=name,
        same=not differences,
        sha256=digests.of(record),
        replayed_sha256=digests.of(again) if again else None,
        differences=tuple(differences),
        record=record.decode(errors="replace"),
        replayed=again.decode() if again else None,
    )


def _record(ledger: Ledger, decision_id: str) -> tuple[str, bytes]:
    records = ledger.records(decision_id, _FEW + 1)
    if len(records) == 1:
        return records[0]
    if records:
        more = " and more" if len(records) > _FEW else ""
        raise UnknownName(
            f"Several decisions begin with {decision_id!r}: "
            f"{', '.join(name for name, _ in records[:_FEW])}{more}.",
            hint="Give more characters.",
        )
    newest = ", ".join(name for name, _ in ledger.records("", _FEW))
    there = f"The newest are {newest}." if newest else "Nothing has been decided yet."
    raise UnknownName(f"There is no decision {decision_id!r}.", hint=there)


def _differences(record: bytes, replayed: bytes | None) -> list[str]:
    if record == replayed:
        return []
    if replayed is None:
        return ["from the stored pairs, nothing would be decided"]
    differences = list(_unlike("", json.loads(record), json.loads(replayed)))
    return differences or ["the same values, written differently"]


def _unlike(where: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from _unlike(f"{where}.{name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _unlike(f"{where}[{number}]", old, new)
    elif before != after:
        yield f"{where.removeprefix('.')}: recorded {before!r}, now {after!r}"
