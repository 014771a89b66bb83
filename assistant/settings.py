"""Typed settings, read once: defaults < ``routeback.toml`` < environment (``ROUTEBACK_*``).

All mistakes are reported together. Nested settings use a double underscore in the environment:
``ROUTEBACK_KNOWLEDGE__QDRANT_URL``.
"""

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as UnparsableError,
)

from assistant.desk.settings import DeskSettings
from assistant.errors import SettingsError
from assistant.knowledge.hosts import origin, pattern
from assistant.knowledge.readers.options import (
    READING_MEGABYTES,
    READING_SECONDS,
    RESTRICTED,
    ReadingLimits,
)
from assistant.sending.bridge_settings import BridgeSettings
from assistant.sending.settings import AlarmSettings
from guardrails.rules import policy
from guardrails.rules.policy import DEFAULT, MARGINS, Harming, Margin, Policy
from guardrails.rules.strengths import MARK, name_of, parted
from guardrails.types import QUOTE

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from assistant.local.weights import WeightsStore
    from guardrails.pairs import Sampling

log = logging.getLogger(__name__)

PREFIX: Final = "ROUTEBACK_"
SCORES: Final = "scores.sqlite"
CONFIG_VARIABLE: Final = "ROUTEBACK_CONFIG"
PAGE_URL: Final = "ROUTEBACK_API_URL"
PAGE_KEY: Final = "ROUTEBACK_API_KEY"
OF_THE_PAGE: Final = frozenset({PAGE_URL, PAGE_KEY})
"""What the page reads; they may stand in an environment that both are started from."""
OF_CLIENTS: Final = frozenset(
    {"ROUTEBACK_MIGRATE_TO", "ROUTEBACK_KEY", "ROUTEBACK_TEST_KEY", "ROUTEBACK_TEST_URL"}
)
"""What asks a running server: the nightly jobs of ``deploy/``, and a team's own tests."""
DEFAULT_CONFIG: Final = Path("routeback.toml")
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

ARM_NAME: Final = r"^[a-z0-9][a-z0-9._@-]*$"
ARM_NAME_LENGTH: Final = 48
LONGEST_LADDER: Final = 5
LONGEST_RULES: Final = 20_000
"""Characters."""

SCORE_REQUESTS: Final = 2.5
"""A score may take more than one request of the judge; so many times as long is waited for it."""

RETIRED: Final[Mapping[str, str]] = {
    "engine.prompt_caches": "4",
    "engine.queue_limit": "8 for each of engine.slots",
    "guard.alpha": "0.05",
    "guard.longest_wait_s": "30 days",
    "guard.blind_share": "0.3",
    "guard.blind_window": "50",
    "guard.breaker_window": "twice guard.breaker_failures",
    "guard.breaker_longest_s": "an hour",
    "guard.check_timeout_s": "5",
    "guard.score_timeout_s": "2.5 times judge.timeout_s",
    "evals.days": "30",
}
"""Settings of earlier versions, and what they always are now. Files that name them still work."""

Strength = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
RoleName = Literal["user", "agent", "editor", "owner", "admin"]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=0, le=36_500)]


DRIVER: Final = "postgresql+psycopg://"


def postgres(url: SecretStr) -> SecretStr:
    """Return the address of a PostgreSQL as SQLAlchemy takes it.

    Raises:
        ValueError: it is none.
    """
    scheme, found, rest = url.get_secret_value().partition("://")
    try:
        _ = urlsplit(f"//{rest}").port
    except ValueError:
        found = ""
    if not found or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError("expected postgresql+psycopg://user:password@host:port/name")
    return SecretStr(f"{DRIVER}{rest}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArmSettings(_Section):
    """One model that can answer.

    Either ``adapter`` (a GGUF LoRA for the embedded engine), ``weights`` (of ``routeback models``,
    in an engine of their own), or ``model`` at ``base_url``; ``instructions`` alone: base's model.
    instructions: rules that it is told in place of the product's.
    api_key_env: name of the environment variable that holds the key. ladder: strengths of an
    adapter, each of which is an arm of its own, with ``@`` and the strength after the name.
    """

    name: Annotated[str, Field(pattern=ARM_NAME, max_length=ARM_NAME_LENGTH)]
    base_url: str | None = None
    model: str | None = None
    api_key: SecretStr | None = None
    api_key_env: str | None = None
    adapter: Path | None = None
    strength: Strength = 1.0
    ladder: Annotated[tuple[Strength, ...], Field(max_length=LONGEST_LADDER)] = ()
    weights: str | None = None
    instructions: Annotated[str, Field(max_length=LONGEST_RULES, pattern=r"^$|\S")] = ""
    extra_body: dict[str, Any] = {}
    revision: str = "unpinned"
    timeout_s: Seconds = 120.0

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if parted(self.name)[0] == QUOTE:
            raise ValueError(f"{QUOTE!r} is what the document's own words are called")
        if self.adapter is not None and (self.base_url or self.model):
            raise ValueError("an arm has either an adapter or a base_url and model, not both")
        if self.ladder and self.adapter is None:
            raise ValueError("only an adapter of the embedded engine has a ladder")
        if self.ladder and (self.strength != 1.0 or MARK in self.name):
            raise ValueError("an arm has either a strength or a ladder of strengths")
        if len(set(self.ladder)) < len(self.ladder):
            raise ValueError("ladder: a strength is there twice")
        _, named = parted(self.name)
        if self.adapter is not None and named not in {1.0, self.strength}:
            raise ValueError(f"the name says strength {named:g}, strength is {self.strength}")
        return self

    @model_validator(mode="after")
    def _some_model(self) -> Self:
        if self.weights and (self.adapter or self.base_url or self.model):
            raise ValueError("an arm has one of weights, an adapter, and a base_url and model")
        if self.name == "base":
            if self.weights or self.instructions:
                raise ValueError("base's weights are engine.model; what it is told is no setting")
            return self
        if bool(self.base_url) != bool(self.model):
            raise ValueError("an arm at an endpoint needs both base_url and model")
        if not (self.adapter or self.weights or self.model or self.instructions):
            raise ValueError(
                "an arm needs either an adapter or both base_url and model, or weights, or "
                "instructions"
            )
        return self

    @property
    def strengths(self) -> dict[str, tuple[str, float]]:
        """Candidate and strength, by the arm that answers so; the full strength first."""
        if self.ladder:
            strengths = sorted(self.ladder, reverse=True)
            return {name_of(self.name, strength): (self.name, strength) for strength in strengths}
        candidate, named = parted(self.name)
        return {self.name: (candidate, self.strength if named == 1.0 else named)}


class EngineSettings(_Section):
    """The embedded engine.

    threads: 0 means as many as the machine lets us use. slots: answers decoded at a time.
    """

    model: str = "qwen2.5-coder-1.5b-instruct"
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    slots: Annotated[int, Field(ge=1, le=64)] = 1
    context_tokens: Annotated[int, Field(ge=1024, le=131_072)] = 4096


class KnowledgeSettings(_Section):
    """Where documents are indexed and how many passages an answer may use.

    qdrant_timeout_s: for an answer of the server to a search. qdrant_replicas, qdrant_shards,
    qdrant_on_disk: how it keeps passages; None: as its own settings say.
    audience: who is answered, beside the public. audiences: names that a document may give as its
    audience; another one hides nothing, and ``knowledge add`` says so. reading_seconds,
    reading_megabytes: what one document may take to be read; see ``ReadingLimits``.
    """

    qdrant_url: str | None = None
    qdrant_api_key: SecretStr | None = None
    qdrant_timeout_s: Annotated[int, Field(ge=1, le=600)] = 5
    qdrant_replicas: Annotated[int, Field(ge=1, le=32)] | None = None
    qdrant_shards: Annotated[int, Field(ge=1, le=1024)] | None = None
    qdrant_on_disk: bool | None = None
    collection: Annotated[str, Field(pattern=r"^\w[\w.-]{0,99}$")] = "routeback"
    sample: bool = True
    audience: str = "public"
    audiences: tuple[str, ...] = RESTRICTED
    language_preference: Literal["prefer", "only", "any"] = "prefer"
    passages: Annotated[int, Field(ge=1, le=20)] = 4
    passage_characters: Annotated[int, Field(ge=200, le=20_000)] = 2400
    reading_seconds: Annotated[float, Field(ge=1, le=86_400)] = READING_SECONDS
    reading_megabytes: Annotated[int, Field(ge=512, le=1 << 20)] = READING_MEGABYTES

    @property
    def reading(self) -> ReadingLimits:
        """What one document may take to be read."""
        return ReadingLimits(self.reading_seconds, self.reading_megabytes)


class SourceSettings(_Section):
    """Sources that are read again on a schedule.

    folders: of this machine in which sources may be; the user of this machine alone may name
    others. private_hosts: hosts that may be in a private network or this machine itself,
    ``*.example.com`` for all below it, ``*`` for all. delay_s: between two pages of a web address;
    page_bytes, page_seconds: for each; pages: of one source, at most; minutes: for a whole refresh.
    megabytes: of a git folder, on the disk. stale_months: after which a text is called old.
    """

    folders: tuple[Path, ...] = ()
    private_hosts: tuple[Annotated[str, AfterValidator(pattern)], ...] = ()
    delay_s: Annotated[float, Field(ge=0, le=60)] = 0.5
    page_bytes: Count = 20_000_000
    page_seconds: Seconds = 30.0
    pages: Annotated[int, Field(ge=1, le=50_000)] = 5000
    minutes: Seconds = 60.0
    megabytes: Count = 1000
    stale_months: Annotated[int, Field(ge=1, le=1200)] = 18


class AnswerSettings(_Section):
    """Who answers where an entry could be quoted.

    quote: ``first``: the entry's own words, and arms write only the rest; ``fallback``: arms write,
    and the entry is quoted where they fail; ``only``: no model writes; ``auto``: ``first`` with
    embedded weights, ``fallback`` with a remote base. segments: the same for some segments; the
    nearest one above a segment counts.
    """

    quote: Literal["auto", "first", "fallback", "only"] = "auto"
    segments: dict[str, Literal["first", "fallback", "only"]] = {}


class JudgeSettings(_Section):
    """The language model that judges, if any.

    Either ``weights`` (a name from the catalogue, run here) or ``model`` at ``base_url``.
    timeout_s: of one request, once it has its turn.
    """

    weights: str | None = None
    base_url: str | None = None
    model: str | None = None
    api_key: SecretStr | None = None
    revision: str = "unpinned"
    extra_body: dict[str, Any] = {}
    timeout_s: Seconds = 120.0

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.weights and (self.base_url or self.model):
            raise ValueError("a judge has either weights or a base_url and model, not both")
        if bool(self.base_url) != bool(self.model):
            raise ValueError("a judge at an endpoint needs both base_url and model")
        return self

    @property
    def chosen(self) -> bool:
        """Whether there is a judge."""
        return bool(self.weights or self.model)

    @property
    def score_timeout_s(self) -> float:
        """How long one score of a pair may take."""
        return SCORE_REQUESTS * self.timeout_s


class GuardSettings(_Section):
    """The guardrail: when a candidate is routed back, and how it earns its traffic.

    The statistical ones are explained in ``guardrails.rules.policy.Policy``. pair_rate, pair_rates,
    pair_tokens_per_day: see ``guardrails.pairs.Sampling``. sentence_floor, answer_floor: scores
    below which a sentence or an answer is not shown. deadline_s: for an answer, base's in place
    of a candidate's included. calibration: file of ``routeback guard calibrate``. probe_every_s:
    between two looks at which model a remote arm really is; 0: only at the start. families: of
    harms that the measure must have been shown to notice before anybody rises: docs/attack.md.
    """

    metrics: Annotated[tuple[str, ...], Field(min_length=1)] = DEFAULT.metrics
    false_alarms: Annotated[float, Field(gt=0, lt=1)] = DEFAULT.false_alarms
    horizon: Annotated[int, Field(ge=1)] = DEFAULT.horizon
    tolerance: Annotated[float, Field(ge=0, lt=1)] = DEFAULT.tolerance
    false_promotions: Annotated[float, Field(gt=0, lt=1)] = DEFAULT.false_promotions
    min_pairs: Annotated[int, Field(ge=1)] = DEFAULT.min_pairs
    min_conversations: Annotated[int, Field(ge=0)] = DEFAULT.min_conversations
    min_days: Annotated[int, Field(ge=0)] = DEFAULT.min_days
    catastrophe: Share = DEFAULT.catastrophe
    catastrophe_tolerance: Annotated[float, Field(ge=0, lt=1)] = DEFAULT.catastrophe_tolerance
    margins: dict[Margin, Annotated[float, Field(ge=0, lt=1)]] = {
        name: DEFAULT.margins[name] for name in MARGINS
    }
    canary_share: Share = DEFAULT.canary_share
    wait_s: Annotated[float, Field(ge=0, le=DEFAULT.longest_wait_s)] = DEFAULT.wait_s
    breaker_failures: Annotated[int, Field(ge=1)] = DEFAULT.breaker_failures
    breaker_pause_s: Annotated[float, Field(ge=0, le=DEFAULT.breaker_longest_s)] = (
        DEFAULT.breaker_pause_s
    )
    pair_rate: Share = 1.0
    pair_rates: dict[str, Share] = {}
    pair_tokens_per_day: Annotated[int, Field(ge=0)] = 2_000_000
    sentence_floor: Share = policy.SENTENCE_FLOOR
    answer_floor: Share = policy.ANSWER_FLOOR
    deadline_s: Seconds = 120.0
    calibration: Path | None = None
    probe_every_s: Annotated[float, Field(ge=0)] = 6 * 3600.0
    families: tuple[Harming, ...] = policy.FAMILIES

    @property
    def policy(self) -> Policy:
        """What decisions are made by: the settings, and the policy's own values for the rest."""
        set_here = {f.name for f in fields(DEFAULT)} & set(type(self).model_fields)
        values = {name: getattr(self, name) for name in set_here}
        return replace(DEFAULT, **values, breaker_window=2 * self.breaker_failures)

    @property
    def sampling(self) -> "Sampling":
        """Which questions get a pair."""
        from guardrails.pairs import Sampling

        return Sampling(self.pair_rate, self.pair_rates, self.pair_tokens_per_day)


class EvalGate(_Section):
    """What a night must keep in one cell: ``evals.statistics.gates.NightGate``. ``*`` means all."""

    metric: str
    segment: str = "*"
    language: Literal["en", "de", "*"] = "*"
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.02
    unscored: Share = 0.2
    fewest: Annotated[int, Field(ge=2)] = 8
    detectable: Annotated[float, Field(gt=0, le=1)] = 1.0


class EvalSettings(_Section):
    """The nights: when, what is asked, how long it may take, and what fails them.

    schedule: local time of day, HH:MM, or ``off``. cases: file or folder, None: what comes
    along. arms: which are measured; none named means all. count: cases a night, 0: all. minutes:
    for the answers, 0: no limit. judge_minutes: for the judge. judge_metrics: what it is asked.
    labels: answers that people judged, to see whether the judge can be trusted. concurrency:
    questions at a time where the engine does not decide. margin: a difference that does not
    matter. gates: what fails a night; None: each metric over all cases, with this margin.
    database_url: where the nights are kept, None: with the other records. work_url: of DBOS's
    tables, for ``--executor queue``.
    """

    schedule: Annotated[str, Field(pattern=r"^(off|([01]\d|2[0-3]):[0-5]\d)$")] = "02:00"
    cases: Path | None = None
    arms: tuple[str, ...] = ()
    count: Annotated[int, Field(ge=0)] = 0
    minutes: Annotated[float, Field(ge=0)] = 0.0
    judge_minutes: Annotated[float, Field(ge=0)] = 30.0
    judge_metrics: tuple[str, ...] = ("faithfulness", "factual_correctness")
    labels: Path | None = None
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.02
    gates: tuple[EvalGate, ...] | None = None
    reports: Path | None = None
    database_url: SecretStr | None = None
    work_url: SecretStr | None = None


class ServerSettings(_Section):
    """The API and the page. Anything but loopback needs ``api_keys`` or ``page_key``.

    allowed_hosts: names that the API is called by, beside addresses, ``localhost`` and this
    machine's own. proxies: addresses whose ``X-Forwarded-For`` is believed.
    link_hosts: hosts that links in answers and sources may lead to, ``*.example.com`` for all
    below it, ``*`` for all; None: those of the sources' own addresses. widget_origins: of the
    pages of other sites that carry the widget. widget_keys: names of the keys that stand in them.
    background: who does what is done beside answering: this process, or ``routeback worker``.
    page_key: by which pages that run elsewhere call; None: another one at each start.
    metrics_port: on which metrics are told without a key; None: by the API alone, with one.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8080
    background: Literal["here", "workers"] = "here"
    page_key: SecretStr | None = None
    ui_port: Annotated[int, Field(ge=1, le=65_535)] = 8501
    metrics_port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    api_keys: SecretStr = SecretStr("")
    allowed_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    link_hosts: tuple[Annotated[str, AfterValidator(pattern)], ...] | None = None
    widget_origins: tuple[Annotated[str, AfterValidator(origin)], ...] = ()
    widget_keys: tuple[str, ...] = ("widget",)

    @property
    def keys(self) -> tuple[str, ...]:
        """The API keys; written as one text, separated by commas."""
        parts = (key.strip() for key in self.api_keys.get_secret_value().split(","))
        return tuple(key for key in parts if key)

    @property
    def known(self) -> bool:
        """Whether there is a key by which a caller is known."""
        return bool(self.keys or (self.page_key and self.page_key.get_secret_value()))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the API."""
        return self.host in LOOPBACK


class SignInSettings(_Section):
    """How people sign in: OpenID Connect, with the page as the client.

    issuer: as it calls itself; client_id, client_secret: of this installation, at the provider.
    page_url: where people open the page; the provider sends them back to its ``/oauth2callback``.
    required: whether nobody chats who has not signed in. everyone: roles of all who have; roles:
    of each group, beside those. groups_claim, name_claim: where the ID token has them. scope: what
    the provider is asked for.
    """

    issuer: str | None = None
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    page_url: str = ""
    required: bool = True
    everyone: tuple[RoleName, ...] = ("user",)
    roles: dict[str, tuple[RoleName, ...]] = {}
    groups_claim: str = "groups"
    name_claim: str = "name"
    scope: str = "openid profile email"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer is not None and not (self.client_id and self.page_url):
            raise ValueError("sign_in needs issuer, client_id and page_url")
        return self


class LimitSettings(_Section):
    """How much the API takes from one caller, and from all of them.

    body_bytes: of a request; upload_bytes: of one that adds knowledge. header_s, body_s, upload_s:
    within which a request's head and its body are there. idle_s: how long a connection stays open
    between two requests. messages, message_characters, history_characters: of a conversation that
    a client sends. requests_per_minute: of one caller; address_requests_per_minute: from one
    address. The user of this machine and owners are not counted. questions: answered at a time;
    questions_each: of one caller, with those that wait for a place; address_questions: of visitors
    of the widget from one address. waiting_s: how long they do. followed: conversations that one
    caller follows at a time; address_followed: visitors of the widget from one address.
    session_minutes: how long a visitor or a person may be idle; session_hours: how long somebody
    stays signed in at most.
    """

    body_bytes: Count = 1_000_000
    upload_bytes: Count = 256_000_000
    header_s: Seconds = 10.0
    body_s: Seconds = 20.0
    upload_s: Seconds = 600.0
    idle_s: Seconds = 5.0
    messages: Count = 200
    message_characters: Count = 50_000
    history_characters: Count = 400_000
    requests_per_minute: Count = 120
    address_requests_per_minute: Count = 600
    questions: Count = 32
    questions_each: Count = 4
    address_questions: Count = 8
    waiting_s: Annotated[float, Field(ge=0)] = 10.0
    followed: Count = 12
    address_followed: Count = 100
    session_minutes: Seconds = 60.0
    session_hours: Seconds = 12.0


class RetentionSettings(_Section):
    """How many days it is kept what people said; 0: for ever.

    conversations: turns, what is remembered of them, and the texts of their pairs; of what is older
    numbers are left. comments: of ratings. judge_cache: what judges said of answers. logs: since
    something was last written to them.
    """

    conversations: Days = 90
    tickets: Days = 365
    comments: Days = 90
    judge_cache: Days = 90
    logs: Days = 30


class AuditStated(_Section):
    """An audit of what an arm was trained on. report: its JSON. revision: of the arm, exactly."""

    report: Path
    revision: Annotated[str, Field(min_length=1, max_length=200)]


class ReadinessSettings(_Section):
    """What an owner states, and asks for before a tuned model answers people.

    owners: who answers for a segment, and for those below it. audits: by arm, where no card says
    what it was trained on. notice: where people who write through other programs are told that they
    talk to a machine. covered: share of real questions whose kind has cases. quality: mean of base
    in each segment, in the last night. detectable: the largest difference that a night may fail to
    see in a segment.
    """

    owners: dict[str, Annotated[str, Field(min_length=1, max_length=200)]] = {}
    audits: dict[str, AuditStated] = {}
    notice: Annotated[str, Field(max_length=1000)] = ""
    covered: Share = 0.9
    quality: Share = 0.7
    detectable: Annotated[float, Field(gt=0, le=1)] = 0.1


class Settings(BaseSettings):
    """Everything that can be set. Durations are in seconds, shares in [0, 1]."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )

    data_dir: Path = Field(default_factory=lambda: user_data_path("routeback", appauthor=False))
    database_url: Annotated[SecretStr, AfterValidator(postgres)] | None = None
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("routeback", appauthor=False))
    offline: bool = False
    base: Literal["auto", "embedded", "remote"] = "auto"
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_model: str | None = Field(default=None, validation_alias="OPENAI_MODEL")
    hf_endpoint: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = Field(
        default=None, validation_alias="HF_ENDPOINT"
    )
    hf_token: SecretStr | None = Field(default=None, validation_alias="HF_TOKEN")
    arms: tuple[ArmSettings, ...] = ()
    engine: EngineSettings = EngineSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    sources: SourceSettings = SourceSettings()
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()
    sign_in: SignInSettings = SignInSettings()
    answers: AnswerSettings = AnswerSettings()
    judge: JudgeSettings = JudgeSettings()
    guard: GuardSettings = GuardSettings()
    evals: EvalSettings = EvalSettings()
    alarms: AlarmSettings = AlarmSettings()
    retention: RetentionSettings = RetentionSettings()
    desk: DeskSettings = DeskSettings()
    bridge: BridgeSettings = BridgeSettings()
    readiness: ReadinessSettings = ReadinessSettings()
    segments_file: Path | None = None
    answer_tokens: Annotated[int, Field(ge=16, le=4096)] = 320
    question_characters: Annotated[int, Field(ge=100, le=100_000)] = 4000
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["text", "json"] = "text"
    _retired: tuple[str, ...] = PrivateAttr(())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use explicit values, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @model_validator(mode="wrap")
    @classmethod
    def _without_retired(
        cls, values: dict[str, Any], build: ModelWrapValidatorHandler[Self]
    ) -> Self:
        """Leave out what is a setting no more, and remember it for ``notices``."""
        rest, retired = dict(values), []
        for name in RETIRED:
            section, _, leaf = name.partition(".")
            table = rest.get(section)
            if isinstance(table, dict) and leaf in table:
                rest[section] = {key: value for key, value in table.items() if key != leaf}
                retired.append(name)
        settings = build(rest)
        settings._retired = tuple(retired)  # noqa: SLF001 - its own
        return settings

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [name for arm in self.arms for name in arm.strengths]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"arms: names are used twice: {', '.join(twice)}")
        if not (self.server.loopback or self.server.known or self.sign_in.issuer):
            raise ValueError(
                f"server.host is {self.server.host}, which other machines can reach: "
                "set server.api_keys (ROUTEBACK_SERVER__API_KEYS=key1,key2), let people sign in "
                "(sign_in.issuer), or use 127.0.0.1"
            )
        if self.server.background == "workers" and not self.shared:
            raise ValueError(
                "server.background is workers, which needs what processes can share: set "
                "database_url (postgresql+psycopg://user:password@host/name) and "
                "knowledge.qdrant_url"
            )
        if self.base == "remote" and not self.remote_base:
            raise ValueError(
                "base is remote, but neither OPENAI_BASE_URL nor OPENAI_API_KEY is set"
            )
        return self

    def weights_store(self, *, offline: bool = False) -> "WeightsStore":
        """Return the folder of weights. offline: fetch nothing, whatever is set."""
        from assistant.local.weights import WeightsStore  # brings a client along

        token = self.hf_token.get_secret_value() if self.hf_token else ""
        return WeightsStore.of(
            self.cache_dir, offline=offline or self.offline, hub=self.hf_endpoint, token=token
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """What is to be taken out of file or environment, a sentence each."""
        return tuple(
            f"{name} is no longer a setting: it is always {RETIRED[name]}; remove the line "
            f"({PREFIX}{name.replace('.', '__').upper()} in the environment)."
            for name in self._retired
        )

    @property
    def shared(self) -> bool:
        """Whether several processes can work on what is kept: records and documents."""
        return self.database_url is not None and self.knowledge.qdrant_url is not None

    @property
    def scores_file(self) -> Path:
        """Where judged scores are kept; with a database server, on each machine for itself."""
        return (self.cache_dir if self.database_url else self.data_dir) / SCORES

    @property
    def remote_base(self) -> bool:
        """Whether base is a remote endpoint rather than the embedded engine."""
        if self.base == "embedded":
            return False
        configured = any(arm.name == "base" and arm.base_url for arm in self.arms)
        return configured or bool(self.openai_base_url or self.openai_api_key)

    @property
    def quote(self) -> Literal["first", "fallback", "only"]:
        """Who answers first, with ``auto`` decided."""
        if self.answers.quote == "auto":
            return "fallback" if self.remote_base else "first"
        return self.answers.quote


def config_file() -> Path:
    """Return the settings file: the one that ROUTEBACK_CONFIG names, or ./routeback.toml."""
    return Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)


def load() -> Settings:
    """Read the settings; say which lines of file or environment do nothing any more.

    Raises:
        SettingsError: the file is missing or malformed, or values are wrong: all are listed.
    """
    path = config_file()
    if CONFIG_VARIABLE in os.environ and not path.is_file():
        raise SettingsError(f"{CONFIG_VARIABLE} names {path}, which is not a file.")
    problems = _unknown_variables()
    try:
        settings = Settings()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        problems += [_sentence(detail) for detail in error.errors()]
    except UnparsableError as error:
        problems.append(f"{error}: {error.__cause__}")
    if problems:
        count = f"{len(problems)} settings are" if len(problems) > 1 else "1 setting is"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise SettingsError(f"{count} wrong:{lines}", hint="docs/settings.md lists them all.")
    for notice in settings.notices:
        log.warning(notice)
    return settings


def _unknown_variables() -> list[str]:
    """Return a complaint for each ROUTEBACK_* variable that no setting reads."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    known |= {CONFIG_VARIABLE, *OF_THE_PAGE, *OF_CLIENTS}
    names = (name for name in os.environ if name.startswith(PREFIX))
    unknown = (name for name in names if name.split("__")[0].upper() not in known)
    return [f"{name}: no such setting" for name in sorted(unknown)]


def _sentence(detail: "ErrorDetails") -> str:
    """Return one line: which setting, what was given, what was expected."""
    where = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if not where:
        return message
    secret = any(part in where for part in ("key", "TOKEN", "_token"))
    secret = secret or where.endswith("_url") or where.startswith(("alarms", "bridge"))
    value = "" if secret or isinstance(detail["input"], dict) else f" (got {detail['input']!r})"
    return f"{where}: {message}{value}"
