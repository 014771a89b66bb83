"""What became of drafts, as labels of arms: counted, and nothing is decided by them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, get_args

from assistant.desk.likeness import DraftOutcome
from assistant.records.desk.drafts import ReplyDraft
from assistant.wire.labels import DraftLabelsView, DraftLabelView, ShareView
from guardrails.statistics.share import wilson

_KINDS: Final[tuple[DraftOutcome, ...]] = get_args(DraftOutcome)
_Outcomes = Sequence[tuple[ReplyDraft, DraftOutcome]]


def drafts(outcomes: Iterable[tuple[ReplyDraft, DraftOutcome]]) -> DraftLabelsView:
    """Return how drafts were used, by arm, revision and segment, the most used first."""
    groups: defaultdict[tuple[str, str, str], list[tuple[ReplyDraft, DraftOutcome]]] = defaultdict(
        list
    )
    for draft, outcome in outcomes:
        groups[draft.arm, draft.arm_revision, draft.segment].append((draft, outcome))
    labels = [_label(*where, found) for where, found in groups.items()]
    labels.sort(key=lambda one: (-one.used.of, one.arm, one.segment, one.revision))
    return DraftLabelsView(drafts=tuple(labels))


def _label(arm: str, revision: str, segment: str, found: _Outcomes) -> DraftLabelView:
    count = {kind: sum(outcome == kind for _, outcome in found) for kind in _KINDS}
    sent = [draft for draft, _ in found if draft.kind is not None]
    over = len(found) - count["open"]
    used = [draft for draft in sent if draft.kind != "rewritten"]
    facts = sum(any((one.figures, one.addresses, one.denials)) for one in used)
    near = [one.similarity for one in sent if one.similarity is not None]
    return DraftLabelView(
        arm=arm,
        revision=revision,
        segment=segment,
        latest=max(draft.at for draft, _ in found),
        as_is=count["as_is"],
        edited=count["edited"],
        rewritten=count["rewritten"],
        discarded=count["discarded"],
        open=count["open"],
        used=_share(len(used), over),
        unchanged=_share(count["as_is"], len(sent)),
        facts_changed=_share(facts, len(used)),
        similarity=sum(near) / len(near) if near else None,
    )


def _share(hits: int, of: int) -> ShareView:
    low, high = wilson(hits, of)
    return ShareView(value=hits / of if of else None, low=low, high=high, hits=hits, of=of)
