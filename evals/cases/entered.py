"""Cases that came of entries: what an entry must answer since an editor approved it.

What a right answer is stands in the entry as it is served tonight. While none is served there is no
case, and where the entry is changed the case is a new one.
"""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import Engine

from assistant.records.entries import EntryVersion, EntryVersions
from assistant.records.entry_cases import EntryCase, EntryCases
from evals.cases.cases import Case

TAG = "from-entry"


def with_added(cases: Sequence[Case], records: Engine) -> tuple[Case, ...]:
    """Return cases and those that came of entries; what a team has under one id goes first."""
    names = {case.id for case in cases}
    served = {(v.key, v.language): v for v in EntryVersions(records).serving()}
    more = (
        case
        for added in EntryCases(records).all()
        if (version := served.get((added.key, added.language)))
        and added.id not in names
        and (case := case_of(added, version))
    )
    return (*cases, *more)


def case_of(added: EntryCase, served: EntryVersion) -> Case | None:
    """Return the case that a question is, with what serves as the right answer; None: it is none.

    An entry that is not for everybody is none: nights ask as somebody who is in no group.
    """
    if served.content.audience != "public":
        return None
    values = {
        "id": added.id,
        "segment": added.segment,
        "language": added.language,
        "question": added.question,
        "reference": served.content.text,
        "sources": (served.key,),
        "tags": (TAG,),
    }
    try:
        return Case.model_validate(values)
    except ValidationError:
        return None
