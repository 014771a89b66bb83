"""People's labels as the stub tells of them: made-up pairs in the shape of the API's."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

CHOICES = {
    "better": ["a", "b", "tie", "unsure"],
    "right": ["a", "b", "both", "neither", "unsure"],
}
A = "A **voucher** is a code that lowers a price once [1]. Enter it at the till <b>now</b>."
B = "Vouchers are great! They make everybody happy and save you a lot of money every day."


@dataclass
class LabelStub:
    """What was said. pairs: of the round; after so many labels there is nothing left to ask."""

    said: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    pairs: int = 60
    contradicted: bool = False

    async def answer(self, request: Request) -> Response:
        """Answer any request below /v1/guard/labels."""
        if request.method == "POST":
            return self.take(await request.json())
        if request.url.path.endswith("/next"):
            return self.offer(dict(request.query_params))
        return JSONResponse(self.rounds())

    def offer(self, asked: dict[str, str]) -> Response:
        self.asked.append(asked)
        place = len({one["place"] for one in self.said}) + 1
        if place > self.pairs:
            return _refused(f"All {self.pairs} pairs of round 1 are labelled.")
        return JSONResponse(
            {
                "arm": asked["arm"],
                "round": 1,
                "place": place,
                "kind": asked["kind"],
                "segment": asked["segment"],
                "question": f"What is a *voucher*, case {place}?",
                "passages": ["Voucher", "Prices & codes"],
                "a": A,
                "b": B if place != 2 else "",
                "labels": place - 1,
                "pairs": self.pairs,
                "choices": CHOICES[asked["kind"]],
            }
        )

    def take(self, body: dict[str, Any]) -> Response:
        if body["by"] == "nobody":
            return _refused("There is no *nobody*.")
        self.said.append(body)
        labels = len({one["place"] for one in self.said})
        told = {"round": body["round"], "place": body["place"]}
        return JSONResponse({**told, "labels": labels, "pairs": self.pairs}, 201)

    def rounds(self) -> dict[str, Any]:
        why = "people contradict the measure"
        return {
            "rounds": [self.round()] if self.said or self.contradicted else [],
            "contradictions": [{"language": "en", "why": why}] if self.contradicted else [],
        }

    def round(self) -> dict[str, Any]:
        wrong = self.contradicted
        people = {"mean": 0.1, "lower": -0.21, "upper": 0.35, "labels": 12, "pairs": self.pairs}
        if wrong:
            people |= {"mean": -0.28, "lower": -0.41, "upper": -0.16}
        return {
            "round": 1,
            "arm": "support-tone",
            "segment": "glossary/en",
            "kind": "better",
            "at": "2026-11-24T06:38:00+00:00",
            "current": True,
            "people": people,
            "same_words": 1,
            "by": [{"by": "Ada", "labels": 11}],
            "metrics": [
                {
                    "metric": "fast",
                    "mean": 0.012,
                    "bias_lower": 0.012 - people["upper"],
                    "bias_upper": 0.012 - people["lower"],
                    "contradicted": wrong,
                }
            ],
            "contradicts": wrong,
            "underrated": [],
            "agreement": {"pairs": 4, "same": 0.75, "kappa": 0.5},
        }


def _refused(message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error"}}, 400)
