"""The guardrail that the stub tells of: made-up maps in the shape of the API's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from tests.ui.support.labelled import LabelStub

NOW = datetime(2026, 11, 24, 6, 38, tzinfo=UTC)
THRESHOLD = 240_000.0
KINDS = ("glossary", "support.account", "support.billing", "support.data", "support.setup")
SEGMENTS = [f"{kind}/{language}" for kind in KINDS for language in ("de", "en")]
FINDINGS = {
    "better": (0.12, 0.05, 0.19, 412, 3.2, "serving"),
    "equal": (0.003, -0.041, 0.047, 260, 54.0, "serving"),
    "trying": (0.01, -0.048, 0.06, 119, 40.0, "canary"),
    "worse": (-0.437, -0.541, -0.334, 53, 277_933.0, "routed_back"),
    "unproven": (-0.021, -0.19, 0.15, 24, 31.0, "shadow"),
    "none": (None, -1.0, 1.0, 0, 0.0, "shadow"),
}
FULL = "worse worse better better equal trying unproven better none unproven".split()
HALF = "equal unproven better equal equal unproven unproven unproven none none".split()
QUARTER = "equal equal unproven unproven unproven none unproven none none none".split()


@dataclass
class GuardStub:
    """What is on the map, and what was asked for. lost: ids whose replay differs."""

    candidates: list[str] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    open_breakers: list[str] = field(default_factory=list)
    monthly: float = 0.0
    lost: set[str] = field(default_factory=set)
    writing: list[dict[str, Any]] = field(default_factory=list)
    orders: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    looks: int = 0
    measure: dict[str, Any] | None = None
    labels: LabelStub = field(default_factory=LabelStub)
    drafts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, arm: str, segment: str, finding: str) -> dict[str, Any]:
        """Put a cell on the map, and the decision that its stage is from."""
        mean, lower, upper, pairs, evidence, stage = FINDINGS[finding]
        verdict = {"trying": "equal", "none": "unproven"}.get(finding, finding)
        since = NOW - timedelta(hours=3 * len(self.cells))
        measured = {
            "metric": "fast",
            "mean": mean,
            "lower": lower,
            "upper": upper,
            "pairs": pairs,
            "unscored": pairs // 50,
            "evidence": evidence,
            "threshold": THRESHOLD,
        }
        proven = {"tolerance": 0.05, "proof": 3.2, "needed": 100.0}
        decision = None
        if stage != "shadow":
            decision = self.decide(arm, segment, "shadow", stage, since, measured)
        cell = {
            "arm": arm,
            "segment": segment,
            "verdict": verdict,
            "stage": stage,
            "since": since.isoformat(),
            "until": (since + timedelta(days=1)).isoformat() if stage == "routed_back" else None,
            "route_backs": int(stage == "routed_back"),
            "pin": None,
            **measured,
            "fresh_pairs": 0 if stage == "routed_back" else pairs,
            "shown_from": decision["id"] if decision and stage == "routed_back" else None,
            "reason": decision["reason"] if decision else None,
            "decision": decision["id"] if decision else None,
            "metrics": [measured | proven],
            "held": "",
            "below": None,
            "promise": {"tolerated": 0.05, "chance": 0.02, "worse": 0.2, "answers": 240},
        }
        self.cells.append(cell)
        self.candidates = sorted({*self.candidates, arm})
        return cell

    def gather(self, arm: str, segment: str) -> None:
        """Put a segment above others on the map."""
        cell = self.add(arm, segment, "unproven")
        cell |= {"stage": None, "since": None, "until": None, "decision": None, "pairs": 300}

    def decide(
        self,
        arm: str,
        segment: str,
        before: str,
        after: str,
        at: datetime,
        about: dict[str, Any] | None = None,
        *,
        by: str = "guard",
        cause: str = "candidate",
        reason: str = "",
    ) -> dict[str, Any]:
        """Put a decision on record, as the newest."""
        if about:
            how = "worse than base" if after == "routed_back" else "not worse than base"
            reason = (
                f"{arm} is {how} in {segment}: mean difference of fast {about['mean']:+.3f}, 95 % "
                f"interval {about['lower']:+.3f} to {about['upper']:+.3f}, {about['pairs']} pairs"
            )
        digest = sha256(f"{arm}{segment}{after}{len(self.decisions)}".encode()).hexdigest()
        decision = {
            "id": digest[:12],
            "at": at.isoformat(),
            "arm": arm,
            "segment": segment,
            "before": before,
            "after": after,
            "cause": cause,
            "reason": reason,
            "by": by,
            "inputs": {},
            "summary": [],
            "sha256": digest,
        }
        self.decisions.insert(0, decision)
        return decision

    def status(self) -> dict[str, Any]:
        self.looks += 1
        return {
            "candidates": [
                {
                    "arm": arm,
                    "configured": arm != "gone",
                    "breaker": {
                        "state": "open" if arm in self.open_breakers else "closed",
                        "opened": None,
                        "failures": 5,
                        "calls": 10,
                    },
                    "unscored": {"share": 0.02, "pairs": 50, "window": 50, "blind": False},
                    "segments": [],
                }
                for arm in self.candidates
            ],
            "queue": {"waiting": 3, "done": 900, "failed": 1, "void": 0},
            "pair_tokens": {"last_24_hours": 0, "ceiling": 2_000_000},
            "alarms": self.alarms,
            "budget": {
                "false_alarms": 0.05,
                "horizon": 4000,
                "tolerance": 0.05,
                "metrics": ["fast"],
                "threshold": THRESHOLD,
                "words": "",
            },
            "false_route_backs_per_month": self.monthly,
            "measure": self.measure,
        }

    def write(self, arm: str, segment: str, finding: str, **more: Any) -> dict[str, Any]:
        """Put an arm beside the document's own words."""
        mean, lower, upper, pairs, evidence, _ = FINDINGS[finding]
        writer = {
            "arm": arm,
            "segment": segment,
            "writes": False,
            "forced": False,
            "since": NOW.isoformat(),
            "by": "",
            "why": "",
            "decision": None,
            "verdict": finding,
            "refusal": "" if finding in {"better", "equal"} else "a loss is not ruled out",
            "suggested": finding == "better",
            "policy": "first",
            "command": f"routeback arms write {arm} {segment}",
            "metric": "fast",
            "mean": mean,
            "lower": lower,
            "upper": upper,
            "pairs": pairs,
            "unscored": 0,
            "evidence": evidence,
            "threshold": THRESHOLD,
        } | more
        self.writing.append(writer)
        return writer

    def order(self, what: str, body: dict[str, Any]) -> Response:
        """Pin or unpin, as the API does."""
        cell = next(
            c for c in self.cells if (c["arm"], c["segment"]) == (body["arm"], body["segment"])
        )
        if what == "unpin" and not cell["pin"]:
            message = f"{body['arm']} is not pinned in {body['segment']}."
            return JSONResponse({"error": {"message": message, "type": "invalid"}}, 400)
        self.orders.append((what, body))
        stage = body.get("stage", "shadow")
        decision = self.decide(
            *(body["arm"], body["segment"], cell["stage"], stage, NOW),
            by=body["by"],
            cause="person",
            reason=f"{what}ned: {body['why']}",
        )
        pin = {"by": body["by"], "why": body["why"]} if what == "pin" else None
        cell |= {"stage": stage, "pin": pin, "decision": decision["id"], "until": None}
        return JSONResponse(decision, 201)

    def replay(self, decision_id: str) -> dict[str, Any]:
        found = next(one for one in self.decisions if one["id"] == decision_id)
        differs = ["summary[0].mean: recorded -0.437, now -0.2"] if decision_id in self.lost else []
        return {
            "id": decision_id,
            "same": not differs,
            "sha256": found["sha256"],
            "replayed_sha256": found["sha256"],
            "differences": differs,
            "record": "",
            "replayed": "",
        }

    async def answer(self, request: Request) -> Response:
        """Answer any request below /v1/guard."""
        path = request.url.path.removeprefix("/v1/guard/")
        if path.startswith("labels"):
            return await self.labels.answer(request)
        if path in {"pin", "unpin"}:
            return self.order(path, await request.json())
        if path.endswith("/replay"):
            return JSONResponse(self.replay(path.split("/")[1]))
        if path in {"status", "drafts"}:
            return JSONResponse(self.status() if path == "status" else {"drafts": self.drafts})
        if path == "map":
            values = {"candidates": self.candidates, "cells": self.cells, "writing": self.writing}
            return JSONResponse({**values, "false_route_backs_per_month": self.monthly})
        asked = request.query_params
        found = [
            one
            for one in self.decisions
            if all(one[name] == asked.get(name, one[name]) for name in ("arm", "segment"))
        ]
        return JSONResponse({"decisions": found[: int(asked.get("count", 20))]})


def one_candidate() -> GuardStub:
    """Return one candidate in ten segments, with the segments above."""
    guard = GuardStub(monthly=0.34)
    for segment, finding in zip(reversed(SEGMENTS), reversed(FULL), strict=True):
        guard.add("support-tone", segment, finding)
    for segment in ("support/de", "support/en", "*"):
        guard.gather("support-tone", segment)
    return guard


def ladder() -> GuardStub:
    """Return three strengths in ten segments."""
    guard = GuardStub(monthly=1.02)
    for at, findings in (("", FULL), ("@0.5", HALF), ("@0.25", QUARTER)):
        for segment, finding in zip(SEGMENTS, findings, strict=True):
            guard.add(f"support-tone{at}", segment, finding)
    half = next(c for c in guard.cells if c["arm"].endswith("@0.5"))
    half |= {"mean": 0.02, "lower": -0.03, "upper": 0.08}
    guard.gather("support-tone", "*")
    return guard


def alarm(kind: str, arm: str, message: str) -> dict[str, Any]:
    return {"kind": kind, "arm": arm, "at": NOW.isoformat(), "message": message}
