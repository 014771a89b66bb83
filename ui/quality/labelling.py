"""People's labels of one cell: a blind pair to label, and what all labels have come to."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, get_args

import streamlit as st

from ui import figures
from ui.api.guard import GuardClient, Kind
from ui.api.transfer import Cell
from ui.api.types import (
    ApiBlindPairView,
    ApiCorrectionView,
    ApiLabelTaken,
    ApiMetricView,
    ApiRoundView,
)
from ui.errors import ApiError
from ui.format import literal, safe
from ui.quality import drawing
from ui.texts.chat import TEXTS, explain
from ui.texts.labelling import TEXTS as WORDS
from ui.texts.labelling import LabellingText
from ui.texts.quality import QualityText

_LONGEST: Final = 100
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(slots=True)
class LabelDesk:
    """How far one person has come with one cell.

    offer: what is asked now. before: what was asked last, to be asked again. taken: how far the
    round is. nameless: no name was given. again: the last label is being changed.
    """

    offer: ApiBlindPairView | None = None
    before: ApiBlindPairView | None = None
    taken: ApiLabelTaken | None = None
    nameless: bool = False
    again: bool = False
    error: ApiError | None = None


def show(cell: Cell, guard: GuardClient, tolerance: float, text: QualityText, zone: tzinfo) -> None:
    """Show the section, closed at first. tolerance: loss that is accepted, in [0, 1)."""
    words = WORDS[text.language]
    desks: dict[str, LabelDesk] = st.session_state.setdefault("label-desks", {})
    with st.expander(words.title, icon=":material/how_to_vote:", key="labels"):
        st.caption(words.about)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                words.who, placeholder=words.who_hint, max_chars=_LONGEST, key="label-by", width=320
            )
            kind: Kind = st.segmented_control(
                words.title,
                _KINDS,
                default=_KINDS[0],
                required=True,
                format_func=lambda one: words.kinds[one],
                key="label-kind",
                label_visibility="collapsed",
            )
        desk = desks.setdefault(f"{cell.arm} {cell.segment} {kind}", LabelDesk())
        _asked(cell, kind, desk, guard, text, words)
        if st.toggle(words.show, key="label-show", help=words.show_about):
            _results(cell, guard, tolerance, text, zone)


def _asked(
    cell: Cell,
    kind: Kind,
    desk: LabelDesk,
    guard: GuardClient,
    text: QualityText,
    words: LabellingText,
) -> None:
    if desk.nameless:
        st.warning(words.no_name)
    if desk.error:
        st.error(literal(explain(desk.error, TEXTS[text.language])))
    if desk.taken:
        st.caption(
            words.progress.format(
                labels=figures.count(desk.taken.labels, text.language),
                pairs=figures.count(desk.taken.pairs, text.language),
            )
        )
    if desk.offer:
        _pair(desk.offer, desk, guard, words)
    else:
        begin = (desk, guard, cell, kind)
        st.button(words.begin, type="primary", key="label-begin", on_click=_begin, args=begin)


def _pair(
    offer: ApiBlindPairView, desk: LabelDesk, guard: GuardClient, words: LabellingText
) -> None:
    if desk.again:
        st.info(words.undone)
    with st.container(key="label-pair", gap="small"):
        st.markdown(f"**{literal(offer.question)}**")
        if offer.passages:
            titles = "; ".join(literal(title) for title in offer.passages)
            st.caption(words.passages.format(titles=titles))
        for side, answer, column in zip("AB", (offer.a, offer.b), st.columns(2), strict=True):
            with column, st.container(border=True, key=f"label-answer-{side.lower()}"):
                st.markdown(f"**{side}**")
                st.markdown(safe(answer) if answer.strip() else f"*{words.no_answer}*")
        with st.container(horizontal=True, key="label-choices"):
            for choice in offer.choices:
                named = words.choices(offer.kind).get(choice, choice)
                inputs = (desk, guard, offer, choice)
                st.button(named, key=f"label-{choice}", on_click=_give, args=inputs)
    if desk.before and not desk.again:
        st.button(words.undo, key="label-undo", type="tertiary", on_click=_undo, args=(desk,))


def _begin(desk: LabelDesk, guard: GuardClient, cell: Cell, kind: Kind) -> None:
    """Ask for a pair; only who says who they are is asked."""
    by = _name()
    desk.nameless, desk.error = not by, None
    if desk.nameless:
        return
    try:
        desk.offer = guard.next_pair(cell.arm, cell.segment, kind, by)
    except ApiError as error:
        desk.offer, desk.error = None, error


def _give(desk: LabelDesk, guard: GuardClient, offer: ApiBlindPairView, choice: str) -> None:
    """Store a label, and ask about the next pair; the pair stays if it cannot be stored."""
    by = _name()
    desk.nameless, desk.error = not by, None
    if desk.nameless:
        return
    try:
        desk.taken = guard.label(offer.round, offer.place, choice, by)
    except ApiError as error:
        desk.error = error
        return
    desk.before, desk.again = offer, False
    try:
        desk.offer = guard.next_pair(offer.arm, offer.segment, offer.kind, by)
    except ApiError as error:
        desk.offer, desk.error = None, error


def _undo(desk: LabelDesk) -> None:
    desk.offer, desk.before, desk.again = desk.before, None, True


def _name() -> str:
    return str(st.session_state.get("label-by", "")).strip()


def _results(
    cell: Cell, guard: GuardClient, tolerance: float, text: QualityText, zone: tzinfo
) -> None:
    words = WORDS[text.language]
    try:
        view = guard.rounds()
    except ApiError as error:
        st.error(literal(explain(error, TEXTS[text.language])))
        return
    for stop in view.contradictions:
        language = text.languages.get(stop.language, literal(stop.language))
        st.error(words.stops.format(language=language), icon=":material/block:")
    here = [item for item in view.rounds if (item.arm, item.segment) == cell.key]
    if not here:
        st.caption(words.nothing)
    for item in here:
        with st.container(key=f"round-{item.round}", border=True, gap="xsmall"):
            _round(item, tolerance, text, words, zone)


def _round(
    one: ApiRoundView, tolerance: float, text: QualityText, words: LabellingText, zone: tzinfo
) -> None:
    language, people = text.language, one.people
    head = words.round.format(
        round=one.round,
        time=figures.moment(one.at, language, zone),
        kind=words.kinds[one.kind],
        labels=figures.count(people.labels, language),
        pairs=figures.count(people.pairs, language),
    )
    st.markdown(head if one.current else head + words.earlier)
    if people.mean is None:
        st.markdown(words.people_unknown)
    else:
        line = words.people.format(
            mean=figures.signed(people.mean, language, 3),
            lower=figures.signed(people.lower, language, 3),
            upper=figures.signed(people.upper, language, 3),
        )
        st.markdown(line)
        drawn = ApiMetricView(
            metric="people",
            pairs=people.labels,
            unscored=0,
            mean=people.mean,
            lower=people.lower,
            upper=people.upper,
            evidence=0.0,
            threshold=1.0,
        )
        st.html(drawing.interval(drawn, tolerance, text))
    for metric in one.metrics:
        st.markdown(_metric(metric, one, text, words))
    st.caption(_by(one, text, words))


def _metric(
    metric: ApiCorrectionView, one: ApiRoundView, text: QualityText, words: LabellingText
) -> str:
    line = words.metric.format(
        metric=literal(metric.metric),
        mean=figures.signed(metric.mean, text.language, 3),
        lower=figures.signed(metric.bias_lower, text.language, 3),
        upper=figures.signed(metric.bias_upper, text.language, 3),
    )
    if metric.contradicted:
        return line + words.contradicted
    return line + words.underrated if metric.metric in one.underrated else line


def _by(one: ApiRoundView, text: QualityText, words: LabellingText) -> str:
    """Return how far people agree, and who labelled how many."""
    agreement, line = one.agreement, words.no_agreement
    if agreement.same is not None:
        same = figures.plain(100 * agreement.same, text.language, 0)
        line = words.agreement.format(
            same=same, pairs=figures.count(agreement.pairs, text.language)
        )
    if agreement.kappa is not None:
        line += words.kappa.format(kappa=figures.plain(agreement.kappa, text.language))
    names = [words.by.format(by=literal(person.by), labels=person.labels) for person in one.by]
    return " · ".join([line, *names])
