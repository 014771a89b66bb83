"""Holding a stage by hand, and letting go of it: a form, and a second look before it counts."""

from dataclasses import dataclass
from typing import Final, get_args

import streamlit as st

from ui.api.guard import GuardClient
from ui.api.transfer import Cell, Stage
from ui.errors import ApiError
from ui.format import literal
from ui.quality import labels
from ui.texts.chat import TEXTS, explain
from ui.texts.quality import QualityText

_LONGEST: Final = 1000
_STAGES: Final[tuple[Stage, ...]] = get_args(Stage)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants. stage: to hold; None to let go."""

    stage: Stage | None
    by: str
    why: str


@dataclass(slots=True)
class PinForm:
    """How far the pin of one cell has come.

    order: what stands in the form, or in the question if ``asked``. missing: something was left
    out. done: the last decision's id. error: why it could not be done.
    """

    order: Order | None = None
    asked: bool = False
    missing: bool = False
    done: str = ""
    error: ApiError | None = None


def show(cell: Cell, guard: GuardClient, text: QualityText) -> None:
    """Show the form for one cell, or the question whether it is meant."""
    place = f"{cell.arm}-{cell.segment}"
    desks: dict[str, PinForm] = st.session_state.setdefault("desks", {})
    desk = desks.setdefault(place, PinForm())
    opened = desk.asked or bool(desk.done)
    with st.expander(text.pin, icon=":material/push_pin:", key=f"pin-{place}", expanded=opened):
        if desk.done:
            done = text.done.format(decision=literal(desk.done))
            st.success(done, icon=":material/check_circle:")
        if desk.asked and desk.order:
            _question(cell, desk.order, desk, guard, text)
        else:
            _form(cell, desk, text, place)


def _form(cell: Cell, desk: PinForm, text: QualityText, place: str) -> None:
    st.caption(text.pin_about)
    options: list[Stage | None] = [*_STAGES]
    if cell.pin:
        options.insert(0, None)
    choice = desk.order.stage if desk.order else options[0]
    with st.form(f"pin-form-{place}", border=False, enter_to_submit=False):
        st.selectbox(
            text.hold,
            options,
            index=options.index(choice) if choice in options else 0,
            format_func=lambda stage: text.stages[stage] if stage else text.unpin,
            key=f"pin-stage-{place}",
        )
        st.text_input(
            text.who,
            value=desk.order.by if desk.order else st.session_state.get("who", ""),
            placeholder=text.who_hint,
            max_chars=_LONGEST,
            key=f"pin-by-{place}",
        )
        st.text_area(
            text.why,
            value=desk.order.why if desk.order else "",
            placeholder=text.why_hint,
            max_chars=_LONGEST,
            height=80,
            key=f"pin-why-{place}",
        )
        st.form_submit_button(text.go_on, key=f"pin-go-{place}", on_click=_ask, args=(desk, place))
    if desk.missing:
        st.warning(text.missing)


def _question(
    cell: Cell, order: Order, desk: PinForm, guard: GuardClient, text: QualityText
) -> None:
    stage = text.stages[order.stage] if order.stage else ""
    question = (text.confirm_pin if order.stage else text.confirm_unpin).format(
        arm=literal(cell.arm),
        segment=literal(labels.segment(cell.segment, text)),
        stage=literal(stage),
    )
    effect = text.confirm_effect[order.stage] if order.stage else text.unpin
    note = text.in_name.format(by=literal(order.by), why=literal(order.why))
    st.warning(f"{question}\n\n{effect}\n\n*{note}*", icon=":material/front_hand:")
    if desk.error:
        st.error(literal(explain(desk.error, TEXTS[text.language])))
    with st.container(horizontal=True):
        st.button(
            text.confirm,
            type="primary",
            key="pin-confirm",
            on_click=_give,
            args=(cell, order, desk, guard),
        )
        st.button(text.back_to_form, key="pin-back", on_click=_back, args=(desk,))


def _ask(desk: PinForm, place: str) -> None:
    """Take what stands in the form, and ask whether it is meant if nothing is missing."""
    state = st.session_state
    by, why = state[f"pin-by-{place}"].strip(), state[f"pin-why-{place}"].strip()
    desk.order = Order(state[f"pin-stage-{place}"], by, why)
    desk.missing = not (by and why)
    desk.asked = not desk.missing
    desk.done, desk.error = "", None


def _give(cell: Cell, order: Order, desk: PinForm, guard: GuardClient) -> None:
    """Have it done; the question stays if it cannot be."""
    try:
        if order.stage:
            decision = guard.pin(cell.arm, cell.segment, order.stage, order.by, order.why)
        else:
            decision = guard.unpin(cell.arm, cell.segment, order.by, order.why)
    except ApiError as error:
        desk.error = error
        return
    st.session_state["who"] = order.by
    desk.order, desk.asked, desk.error, desk.done = None, False, None, decision.id


def _back(desk: PinForm) -> None:
    desk.asked, desk.error = False, None
