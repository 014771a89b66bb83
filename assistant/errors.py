"""Every error a person may see, in words of ours.

What another program said (a provider, a server, a driver) is in no message: it may hold a key. It
is in the log, without keys; see ``guardrails.failures``.

RoutebackError
├── SettingsError      a setting is missing or malformed
├── WeightsError       model weights cannot be had, or are not the published bytes
├── ArmError           an arm did not answer
│   ├── ArmBusy        its queue is full; carries retry_after_s
│   ├── ArmNotReady    its model is still being fetched or started
│   ├── ArmTimeout     it took longer than its timeout
│   ├── ArmFiltered    its provider withheld the answer
│   └── ArmSpent       its reasoning used up the limit of tokens
├── KnowledgeError     the index cannot be read or written
│   ├── LoadError      one document cannot be read
│   ├── UnknownSource  nothing was added under that name
│   └── SourceError    a source cannot be what was asked, or not be read
│       └── SourceBusy     it is being refreshed
├── DatabaseError      the records cannot be read or written
│   └── NotRemembered    of a conversation, what follow-ups refer to
├── CalibrationError   labels or a stored calibration cannot be used
├── CaseError          eval cases cannot be used
├── EvalsError         a run of the eval cases cannot do what it was asked
│   └── NotMeasured    what was to be measured could not be; never a pass
│       └── Interrupted  the service went away half-way; the night can be gone on with
├── TrainingDataError  a file of training examples cannot be used
├── TuningError        a model cannot be tuned, or an adapter not be written
├── GuardError         the guardrail cannot do what it was asked
│   └── UnknownName    it has no such decision, candidate, segment or stage
├── QuestionError      the question cannot be taken as it is
├── UnknownEntry       there is no such entry, version or gap
├── EntryChanged       somebody else has changed the entry meanwhile
├── EntryRefused       an entry cannot be what was asked
├── ConversationHeld   what was said in a conversation is being erased
├── UnknownPerson      nothing is kept of a person or conversation
├── AccessError        a key, role or person cannot be what was asked
│   └── NotSignedIn    who somebody says they are does not hold
├── UnknownConversation  there is none of that id that is the asker's
├── DeskConflict       a conversation or ticket does not take what was asked of it
│   └── TakenOver      a person speaks in it now
├── UnknownTicket      there is none of that id
├── TooMany            a caller asks for more than is given at a time; carries retry_after_s
├── RosterError        an arm cannot be added or removed
│   └── UnknownArm     there is none of that name
└── ServerError        the API process cannot start or be reached
    └── ServerStopping   it is being stopped, and there was no time for an answer
"""

from typing import Final

LONGEST_RETRY_S: Final = 600.0


def _again(after_s: float) -> str:
    when = "later" if after_s > LONGEST_RETRY_S else f"in about {max(after_s, 1):.0f} s"
    return f"Try again {when}."


class RoutebackError(Exception):
    """Base of all expected failures: what happened, where, and what to do about it.

    The message is one sentence for a person; ``hint`` says what to do next.
    """

    exit_code: Final[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(RoutebackError):
    """One or more settings are wrong; the message lists all of them."""


class TooMany(RoutebackError):
    """A caller has asked for more than is given at a time. ``retry_after_s``: as of ``ArmBusy``."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message, hint=_again(retry_after_s))
        self.retry_after_s = min(retry_after_s, LONGEST_RETRY_S)


class WeightsError(RoutebackError):
    """Weights could not be fetched, or their bytes are not the published ones."""


class ArmError(RoutebackError):
    """An arm did not give an answer."""

    def __init__(self, message: str, *, arm: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.arm = arm


class ArmBusy(ArmError):
    """The arm's queue is full. ``retry_after_s``: when a place is likely to be free, at most 600.

    Whoever says more than that does not know; it is *later*.
    """

    def __init__(self, message: str, *, arm: str, retry_after_s: float) -> None:
        super().__init__(message, arm=arm, hint=_again(retry_after_s))
        self.retry_after_s = min(retry_after_s, LONGEST_RETRY_S)


class ArmNotReady(ArmError):
    """The model behind the arm is still being fetched or started; nothing was wrong with it."""


class ArmTimeout(ArmError):
    """The arm took longer than its timeout."""


class ArmFiltered(ArmError):
    """The arm's provider withheld the answer, or its model refused to give one."""


class ArmSpent(ArmError):
    """The arm's reasoning used up the limit of tokens, before a word of the answer."""


class KnowledgeError(RoutebackError):
    """The knowledge index cannot be read or written."""


class LoadError(KnowledgeError):
    """One document cannot be read; ``source`` names it."""

    def __init__(self, message: str, *, source: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.source = source


class UnknownSource(KnowledgeError):
    """Nothing was added under that name; says what there is."""


class SourceError(KnowledgeError):
    """A source of documents cannot be what was asked, or cannot be read now."""


class SourceBusy(SourceError):
    """A source is being refreshed by somebody else."""


class UnknownConversation(RoutebackError):
    """There is no such conversation of the one who asks; it may be another's."""


class DeskConflict(RoutebackError):
    """A conversation or a ticket does not take what was asked of it now; says what it takes."""


class TakenOver(DeskConflict):
    """A person speaks in a conversation now, so nothing of the bot is shown in it."""


class UnknownTicket(RoutebackError):
    """There is no ticket of that id or number."""


class DatabaseError(RoutebackError):
    """The records cannot be read or written; nothing half-written stays."""


class NotRemembered(DatabaseError):
    """The memory of a conversation cannot be read or written; its turns are kept elsewhere."""


class CalibrationError(RoutebackError):
    """Labels cannot be learned from, or a stored calibration does not fit."""


class TrainingDataError(RoutebackError):
    """A file of training examples cannot be used."""


class CaseError(RoutebackError):
    """Eval cases cannot be read, or say what no case can."""


class EvalsError(RoutebackError):
    """A run of the eval cases cannot do what it was asked."""


class NotMeasured(EvalsError):
    """What was to be measured could not be measured."""


class Interrupted(NotMeasured):
    """What is measured went away half-way; what is kept is gone on with when it is back."""


class TuningError(RoutebackError):
    """A model cannot be tuned, or what came out of it cannot be written."""


class GuardError(RoutebackError):
    """The guardrail cannot do what it was asked."""


class UnknownName(GuardError):
    """There is no decision, candidate, segment or stage of that name; says which there are."""


class AccessError(RoutebackError):
    """A key, a role or a person cannot be what was asked."""


class NotSignedIn(AccessError):
    """Who somebody says they are does not hold."""


class RosterError(RoutebackError):
    """An arm cannot be added or removed."""


class UnknownArm(RosterError):
    """There is no arm of that name; says which there are."""


class UnknownEntry(RoutebackError):
    """No such entry, version or gap."""


class EntryChanged(RoutebackError):
    """Somebody else has changed the entry meanwhile; nothing was written."""


class EntryRefused(RoutebackError):
    """An entry cannot be what was asked."""


class ConversationHeld(RoutebackError):
    """What was said in a conversation is being erased, or cannot be erased at the moment."""


class UnknownPerson(RoutebackError):
    """Nothing is kept of somebody, or of a conversation."""


class QuestionError(RoutebackError):
    """The question cannot be taken as it is."""


class ServerError(RoutebackError):
    """The API process cannot start, or cannot be reached."""


class ServerStopping(ServerError):
    """The API process is being stopped before an answer was there."""

    def __init__(self) -> None:
        super().__init__("The server is being stopped.", hint="Ask again in a moment.")
