"""The version that evidence belongs to: when any part changes, evidence starts anew."""

import json
from collections.abc import Mapping

from guardrails.rules.policy import Policy

_STATISTICAL = (
    *("metrics", "tolerance", "alpha", "false_alarms", "horizon", "strengths", "rule"),
    *("false_promotions", "catastrophe", "catastrophe_tolerance", "margins"),
)


def version(
    *,
    candidate: str,
    base: str,
    scorers: Mapping[str, str],
    prompt: str,
    selection: str,
    policy: Policy,
) -> str:
    """Return the parts as canonical JSON.

    candidate, base: revisions of the arms. scorers: version by metric; a judge's holds the
    revision of its model. prompt: hash of the prompts. selection: of what says how
    likely passages answer, which scores rest on. Of the policy, what the statistics use.
    """
    settings = policy.plain()
    parts = {
        "candidate": candidate,
        "base": base,
        **{f"scorer {name}": version for name, version in scorers.items()},
        "prompt": prompt,
        "selection": selection,
        "policy": {name: settings[name] for name in _STATISTICAL if name in settings},
    }
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def difference(before: str, after: str) -> str:
    """Return which parts changed, for a person."""
    old = json.loads(before) if before else {}
    new = json.loads(after)
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return ", ".join(f"{n} changed from {old.get(n)} to {new.get(n)}" for n in changed)
