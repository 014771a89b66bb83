"""The sentences of the quality page, as one type for every language."""

from collections.abc import Mapping
from dataclasses import dataclass

from ui.api.client import Language
from ui.api.transfer import Stage, Verdict


@dataclass(frozen=True, slots=True)
class DraftsText:
    """What is said of drafts of replies, in one language."""

    title: str
    about: str
    none: str
    arm: str
    segment: str
    as_is: str
    edited: str
    rewritten: str
    discarded: str
    waiting: str
    used: str
    facts: str
    similarity: str
    share: str


@dataclass(frozen=True, slots=True)
class QualityText:
    """The page in one language. Fields in braces are filled in by ``str.format``."""

    language: Language
    title: str
    about: str
    refresh: str
    updated: str
    stale: str
    needs_key: str
    connection: str
    # the headline
    serves: str
    tries: str
    back: str
    backs: str
    unseen: str
    nothing: str
    joint: str
    at_strength: str
    at_full_strength: str
    many: str
    in_language: str
    every: str
    because: Mapping[str, str]
    beside: Mapping[str, str]
    conjunction: str
    # the document's own words
    quote: str
    quote_about: str
    quote_found: Mapping[Verdict, str]
    quote_open: str
    quote_unproven: str
    quote_stage: str
    told_quote: Mapping[Verdict, str]
    told_quote_nothing: str
    told_quote_stage: str
    quote_evidence_about: str
    writes: str
    writes_forced: str
    suggested: str
    may_write: str
    not_shown: str
    voices: Mapping[str, str]
    # alarms and health
    alarms: Mapping[str, str]
    alarm: str
    no_alarm: str
    breaker: str
    unscored_share: str
    waiting: str
    gone: str
    # the map
    map: str
    map_about: str
    segment: str
    above: str
    above_about: str
    whole: str
    languages: Mapping[str, str]
    verdicts: Mapping[Verdict, str]
    no_pair: str
    not_tried: str
    stages: Mapping[Stage, str]
    gathers: str
    in_cell: str
    pairs: str
    pair: str
    pinned: str
    legend: Mapping[Verdict, str]
    # one cell
    told: Mapping[Verdict, str]
    told_nothing: str
    told_stage: Mapping[Stage, str]
    told_gathers: str
    difference: str
    drawing: str
    worse_side: str
    better_side: str
    tolerated: str
    stage: str
    since: str
    until: str
    pin_by: str
    compared: str
    fresh: str
    unscored: str
    route_backs: str
    as_decided: str
    as_decided_fresh: str
    evidence: str
    evidence_of: str
    evidence_about: str
    proof: str
    metrics: Mapping[str, str]
    held: str
    is_held: str
    below_back: str
    is_held_in: str
    told_held: str
    promise: str
    promise_endless: str
    curve: str
    curve_about: str
    curve_strength: str
    curve_difference: str
    # decisions
    decisions: str
    no_decision: str
    no_decision_above: str
    by_guard: str
    causes: Mapping[str, str]
    recorded: str
    replay: str
    same: str
    other: str
    # pins
    pin: str
    pin_about: str
    unpin: str
    hold: str
    who: str
    who_hint: str
    why: str
    why_hint: str
    go_on: str
    missing: str
    confirm_pin: str
    confirm_unpin: str
    confirm_effect: Mapping[Stage, str]
    in_name: str
    confirm: str
    back_to_form: str
    done: str
    # the foot
    monthly: str
    budget: str
    # what the measure notices
    measure: str
    measure_about: str
    measure_none: str
    measure_language: str
    measure_found: Mapping[str, str]
    measure_punished: str
    measure_rises: str
    measure_stays: str
    changes: Mapping[str, str]
    # drafts of replies
    drafts: DraftsText
    # nothing to see yet
    no_candidate: str
    no_candidate_more: str
    try_it: str
    add_one: str
    no_pairs: str
    no_pairs_more: str
