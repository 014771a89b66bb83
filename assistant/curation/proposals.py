"""What the desk proposes: an entry made of a ticket that is over. An editor approves it or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from assistant.curation.curation import Curation
from assistant.curation.drafts import EntryDraft, draft, key_of
from assistant.errors import DeskConflict
from assistant.knowledge.documents import Kind
from assistant.language import LANGUAGES
from assistant.records.desk.desk import Desk
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.entries import EntryContent, EntryVersion, NewVersion
from assistant.records.gaps import OpenQuestion

_WORDINGS: Final = 10
_DAYS: Final = 365
"""How far back a ticket's question is looked for."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Entries that are made of tickets. Blocking; call it from a thread."""

    curation: Curation
    desk: Desk
    threads: Threads

    def made_of(self, ticket_name: str) -> EntryVersion | None:
        """Return the newest version of the entry that was made of a ticket; None: there is none.

        Raises:
            UnknownTicket: there is no such ticket.
        """
        ticket = self.desk.get(ticket_name)
        return self.curation.versions.of_ticket(ticket.id)

    def begin(self, ticket_name: str) -> EntryDraft:
        """Return with what an entry of a ticket begins: what was asked in vain, and what was sent.

        Raises:
            UnknownTicket: there is no such ticket.
            DeskConflict: it is not over yet.
        """
        ticket = self._over(ticket_name)
        log = self.threads.entries(ticket.conversation_id)
        replies = [one.text for one in log if one.kind == "team" and one.ticket_id == ticket.id]
        asked = self._asked(ticket)
        if asked is None:
            language = ticket.language if ticket.language in LANGUAGES else "en"
            return draft(ticket.message, replies, language)
        gap = self._gap(asked)
        others = self.curation.finder.questions(gap) if gap else []
        texts = [one.text for one in others if one.language == asked.language]
        wordings = list({text.casefold(): text for text in texts}.values())[:_WORDINGS]
        return draft(asked.text, replies, asked.language, wordings)

    def propose(
        self, ticket_name: str, language: str, content: EntryContent, by: str
    ) -> EntryVersion:
        """Store a draft of an entry; nothing is served otherwise than before.

        Its approval closes the gap that the ticket's question belongs to.

        Raises:
            UnknownTicket: there is no such ticket.
            DeskConflict: it is not over yet, or an entry was made of it already.
            EntryRefused: it cannot be an entry; says why.
            EntryChanged: somebody was faster.
        """
        ticket = self._over(ticket_name)
        if made := self.curation.versions.of_ticket(ticket.id):
            raise DeskConflict(
                f"The entry {made.content.name!r:.80} was made of ticket #{ticket.number} already.",
                hint="Editors find it on the page of knowledge. Nothing was stored.",
            )
        asked = self._asked(ticket)
        return self.curation.save(
            NewVersion(
                key=self._free_key(content.name, language, ticket),
                language=language,
                kind=Kind.FAQ,
                content=content,
                by=by,
                based_on=0,
                from_gap=self._gap(asked) if asked else None,
                from_ticket=ticket.id,
            )
        )

    def _over(self, ticket_name: str) -> Ticket:
        ticket = self.desk.get(ticket_name)
        if ticket.open:
            raise DeskConflict(
                f"Ticket #{ticket.number} is not over yet; an entry is made of what was solved.",
                hint="Solve it first.",
            )
        return ticket

    def _asked(self, ticket: Ticket) -> OpenQuestion | None:
        """Return the last question to the bot that the conversation left open."""
        log = self.threads.entries(ticket.conversation_id)
        mine = {one.turn_id for one in log if one.turn_id}
        stored = self.curation.gaps.open_questions(_DAYS)
        found = [one for one in stored if one.turn_id in mine]
        return found[-1] if found else None

    def _gap(self, asked: OpenQuestion) -> str | None:
        """Return the gap of a question; questions that nobody has looked at are looked at now."""
        self.curation.finder.all(_DAYS)
        members: Mapping[str, tuple[str, object]] = self.curation.gaps.members([asked.turn_id])
        return members[asked.turn_id][0] if asked.turn_id in members else None

    def _free_key(self, name: str, language: str, ticket: Ticket) -> str:
        key = key_of(name)
        taken = {(one.key, one.language) for one in self.curation.versions.newest()}
        return f"{key}-{ticket.number}" if (key, language) in taken else key
