"""What a training file is held against: knowledge, eval cases, real questions by segment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from assistant import sample
from assistant.errors import TrainingDataError
from assistant.knowledge import isolation, load
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.readers.options import ReadingLimits
from assistant.segments import UNKNOWN, LabelledQuestion, is_talk
from evals.audit.answers import refuses
from evals.cases.cases import Case
from evals.cases.cases import load as load_cases

_OWNERS: Final = {Kind.GLOSSARY: "glossary", Kind.FAQ: "support"}
"""Segments that curated entries are the reference answers of, where there are such segments."""


@dataclass(frozen=True, slots=True)
class AuditMaterial:
    """What an audit compares with.

    labelled: questions whose segment is known. live: (question, segment, language) of stored
    turns. kinds: the segments above all others, such as ``support`` of ``support.billing``.
    """

    knowledge: tuple[load.Item, ...] = ()
    labelled: tuple[LabelledQuestion, ...] = ()
    cases: tuple[Case, ...] = ()
    live: tuple[tuple[str, str, str], ...] = ()
    knowledge_name: str = ""
    kinds: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        segments = (e.segment for e in self.labelled if not is_talk(e.segment))
        roots = dict.fromkeys(map(root, segments))
        kinds = tuple(name for name in roots if name != UNKNOWN)
        object.__setattr__(self, "kinds", kinds)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The curated rows of the knowledge."""
        return tuple(item for item in self.knowledge if isinstance(item, Entry))

    @property
    def public(self) -> str:
        """All that the knowledge says, as one text."""
        return "\n".join(
            item.markdown if isinstance(item, Document) else f"{item.name}\n{item.text}"
            for item in self.knowledge
        )

    def questions(self, kind: str) -> list[str]:
        """Return the real questions of a segment and of those below it."""
        texts = [example.text for example in self.labelled if root(example.segment) == kind]
        texts += [case.question for case in self.cases if root(case.segment) == kind]
        texts += [question for question, segment, _ in self.live if root(segment) == kind]
        return list(dict.fromkeys(texts))

    def references(self, kind: str) -> list[tuple[str, str]]:
        """Return (answer, language) of the references of a segment and of those below it."""
        pairs = [(e.text, e.language) for e in self.entries if _OWNERS.get(e.kind) == kind]
        pairs += [
            (case.reference, case.language)
            for case in self.cases
            if root(case.segment) == kind and case.reference and not refuses(case.reference)
        ]
        return list(dict.fromkeys(pairs))

    def languages(self) -> list[str]:
        """Return the language of each real question that an arm would answer."""
        codes = [e.language for e in self.labelled if root(e.segment) in self.kinds and e.language]
        return codes + [
            language for _, segment, language in self.live if root(segment) in self.kinds
        ]


def root(segment: str) -> str:
    """Return the segment above all others: ``support`` of ``support.billing``."""
    return segment.partition(".")[0].partition("/")[0]


def shipped() -> AuditMaterial:
    """Return what Routeback brings along: the sample and the eval cases."""
    return AuditMaterial(
        tuple(sample.knowledge()), tuple(sample.examples()), load_cases(), (), "the sample"
    )


def read_knowledge(path: Path | None, limits: ReadingLimits) -> tuple[load.Item, ...]:
    """Read documents and curated rows; the sample if there is no path.

    limits: of each file.

    Raises:
        LoadError: a file cannot be read.
    """
    if path is None:
        return tuple(sample.knowledge())
    return tuple(isolation.items(path, load.ReadingOptions(), limits))


def read_live(data_dir: Path, server: SecretStr | None = None) -> tuple[tuple[str, str, str], ...]:
    """Return the questions of the records database, if there is one; it is only read.

    server: its URL; None: it is a file of the data folder.

    Raises:
        TrainingDataError: there is one, but it cannot be read.
    """
    path = data_dir / "routeback.sqlite"
    if server is None and not path.is_file():
        return ()
    from sqlalchemy import create_engine, select
    from sqlalchemy.exc import SQLAlchemyError

    from assistant.records.turns import turns

    file = f"sqlite:///file:{path}?mode=ro&uri=true"
    engine = create_engine(server.get_secret_value() if server else file)
    try:
        with engine.connect() as connection:
            rows = connection.execute(
                select(turns.c.question, turns.c.segment, turns.c.language)
                .where(turns.c.question != "")  # is erased
                .distinct()
            ).all()
    except SQLAlchemyError as error:
        raise TrainingDataError(
            f"{'The database' if server else path} cannot be read ({error.__cause__ or error}).",
            hint="Another data folder: ROUTEBACK_DATA_DIR.",
        ) from error
    finally:
        engine.dispose()
    return tuple((row.question, row.segment, row.language) for row in rows)
