"""What the desk page says, in either language: the fields; the sentences are in a file for each."""

from collections.abc import Mapping
from dataclasses import dataclass

from ui.api.client import Language
from ui.api.desk import Cause, Priority, View


@dataclass(frozen=True, slots=True)
class QueueText:
    """The list of tickets."""

    title: str
    badge: str
    views: Mapping[View, str]
    view: str
    search: str
    search_hint: str
    total: str
    one: str
    nothing: str
    nobody: str
    waits: str
    overdue: str
    shown: str
    back: str


@dataclass(frozen=True, slots=True)
class TicketText:
    """One ticket: what it is, and what was said."""

    choose: str
    gone: str
    number: str
    statuses: Mapping[str, str]
    priorities: Mapping[Priority, str]
    reasons: Mapping[str, str]
    short_reasons: Mapping[str, str]
    causes: Mapping[str, str]
    channels: Mapping[str, str]
    handed_over: str
    ended: str
    assignee: str
    yours: str
    nobody: str
    first_reply: str
    solution: str
    left: str
    late: str
    done: str
    no_target: str
    contact: str
    no_contact: str
    language: str
    arm: str
    opened: str
    reopened: str
    rated: str
    linked: str
    merged: str
    conversation: str
    person: str
    writing: str
    stopped: str
    sources: str
    unsure: str
    evidence: str
    mode: str
    note: str
    mentions: str
    changed: str
    fields: Mapping[str, str]
    linked_line: str
    merged_line: str
    moves: Mapping[str, str]
    somebody: str


@dataclass(frozen=True, slots=True)
class ActionText:
    """What people of the team do."""

    claim: str
    take_over: str
    take_over_more: str
    assign: str
    agent: str
    nobody_else: str
    release: str
    give_back: str
    give_back_more: str
    solve: str
    cause: str
    solve_causes: Mapping[Cause, str]
    reopen: str
    reopen_more: str
    closed: str
    more: str
    subject: str
    priority: str
    contact: str
    save: str
    other: str
    other_hint: str
    same_person: str
    no_other: str
    pick: str
    merge: str
    merge_more: str
    merge_only_own: str
    link: str
    link_more: str
    no_number: str
    failed: str
    kept: str
    done: str
    history: str
    history_tickets: str
    history_conversations: str
    history_none: str
    by_hand: str
    by_hand_more: str
    message: str
    message_missing: str
    open: str


@dataclass(frozen=True, slots=True)
class ComposerText:
    """Replies, notes, drafts and summaries."""

    reply: str
    reply_to: str
    reply_hint: str
    send: str
    sent: str
    empty: str
    theirs: str
    unclaimed: str
    over: str
    note: str
    note_label: str
    note_hint: str
    note_more: str
    mention: str
    add_note: str
    noted: str
    draft: str
    drafting: str
    drafted: str
    drafted_unchecked: str
    use: str
    discard: str
    waiting: str
    no_draft: str
    uncarried: str
    draft_sources: str
    summary: str
    wanted: str
    tried: str
    left: str
    doubts: str
    left_out: str
    kept: str
    kept_hint: str
    nearest: str
    no_summary: str


@dataclass(frozen=True, slots=True)
class ProposalText:
    """An entry that is made of a ticket."""

    make: str
    make_more: str
    title: str
    about: str
    question: str
    answer: str
    wordings: str
    wordings_help: str
    language: str
    propose: str
    cancel: str
    proposed: str
    refused: str
    incomplete: str
    standing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DeskText:
    """The page in one language. Fields in braces are filled in by ``str.format``."""

    language: Language
    queue: QueueText
    ticket: TicketText
    actions: ActionText
    composer: ComposerText
    proposal: ProposalText
