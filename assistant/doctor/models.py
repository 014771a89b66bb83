"""The models that answer and judge: each is asked for a word."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

from assistant.arms.arm import Arm, EmbeddedArm, RemoteArm, beginning, only_model, remote_client
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.registrar import key_of
from assistant.conversation import Message
from assistant.doctor.diagnosis import PartState, failed, ok, skipped, warning
from assistant.doctor.runner import apart
from assistant.doctor.server import asked
from assistant.errors import ArmError, ArmSpent, WeightsError
from assistant.local.admission import Admission
from assistant.local.catalogue import LAST_RESORT, Weights
from assistant.local.engine import Engine, EngineSpec, threads_here
from assistant.local.lora import adapter
from assistant.running import Running
from assistant.settings import ArmSettings, Settings
from guardrails.failures import without_keys
from guardrails.guard import BASE

ENGINE_S: Final = 300.0
"""For hashing a gigabyte, loading it and a word, on a busy machine."""
ENDPOINT_S: Final = 60.0
_WORD: Final[Sequence[Message]] = ({"role": "user", "content": "Reply with the one word: yes"},)
_TOKENS: Final = 16
_CONTEXT: Final = 1024
_LOGGED: Final = 300
_REMADE: Final = "Put it back or make it again; or take the arm out: routeback arms remove {name}"


class EngineRoom:
    """The embedded engine for the length of an examination; it is loaded when it is first needed.

    adapters: of the arms that it is to hold. Those that do not fit are left out, and ``unfit`` says
    why.
    """

    def __init__(self, settings: Settings, adapters: Mapping[str, Path]) -> None:
        self.unfit: dict[str, WeightsError] = {}
        self._settings = settings
        self._adapters = dict(adapters)
        self._store = settings.weights_store(offline=True)
        self._engine: Engine | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def base(self) -> PartState:
        """Return whether base's weights are the published ones, load, and write.

        Raises:
            WeightsError: they are damaged.
            ArmError: they do not load, or nothing is written.
        """
        wanted = self._store.find(self._settings.engine.model)
        here = self._store.path(wanted).is_file()
        weights = wanted if here else LAST_RESORT
        await apart(lambda: self._store.verify(weights))
        engine = await self._started(weights)
        arm = EmbeddedArm(BASE, weights.name, engine, Admission(BASE, slots=1, limit=8))
        said = await word_of(arm)
        if here:
            return ok(f"{weights.title}, the published bytes; asked for a word, it says {said}")
        return warning(
            f"{wanted.title} is not here; {weights.title} answers until it is, and weaker",
            wanted.title,
            f"routeback models pull {wanted.name} ({wanted.size / 1e6:.0f} MB); the first "
            "'routeback up' does it as well.",
        )

    async def adapter(self, arm: ArmSettings) -> PartState:
        """Return whether an adapter is loaded and writes.

        Raises:
            WeightsError: it does not fit.
            ArmError: it does not write.
        """
        if arm.name in self.unfit:
            raise self.unfit[arm.name]
        if self._engine is None:
            return skipped(f"{BASE} comes first")
        room = Admission(arm.name, slots=1, limit=8)
        strength = next(strength for _, strength in arm.strengths.values())
        loaded = EmbeddedArm(arm.name, "", self._engine, room, arm.name, strength)
        return ok(f"{arm.adapter} is loaded; asked for a word, it says {await word_of(loaded)}")

    async def judge(self, weights: Weights) -> PartState:
        """Return whether the judge's weights are the published ones, load, and write.

        Raises:
            WeightsError: they are damaged or not here.
            ArmError: they do not load, or nothing is written.
        """
        await apart(lambda: self._store.verify(weights))
        if self._engine is not None and self._engine.spec.weights == self._store.path(weights):
            return ok(f"{weights.title}: base's engine, which answers")
        engine = await self._loaded(weights, {}, "judge")
        said = await word_of(EmbeddedArm("judge", weights.name, engine, _alone()))
        return ok(f"{weights.title}, the published bytes; asked for a word, it says {said}")

    async def _started(self, weights: Weights) -> Engine:
        path = self._store.path(weights)
        fitting = {
            name: file for name, file in self._adapters.items() if self._fits(name, file, path)
        }
        try:
            self._engine = await self._loaded(weights, fitting, BASE)
        except ArmError:
            if not fitting:
                raise
            self._engine = await self._loaded(weights, {}, BASE)
            for name, file in fitting.items():
                why = f"{file} cannot be loaded beside {weights.title}."
                self.unfit[name] = WeightsError(why, hint=_REMADE.format(name=name))
        return self._engine

    def _fits(self, name: str, file: Path, weights: Path) -> bool:
        if not file.is_file():
            self.unfit[name] = WeightsError(f"{file} is not there.", hint=_REMADE.format(name=name))
            return False
        try:
            adapter.check(adapter.opened(file), weights, self._store)
        except WeightsError as error:
            self.unfit[name] = error
            return False
        return True

    async def _loaded(self, weights: Weights, adapters: Mapping[str, Path], name: str) -> Engine:
        spec = EngineSpec(
            weights=self._store.path(weights),
            adapters=adapters,
            context_tokens=_CONTEXT,
            threads=self._settings.engine.threads or threads_here(),
        )
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="routeback-")))
        log = folder / f"{name}.log"
        try:
            return await self._stack.enter_async_context(Engine(spec, log))
        except ArmError as error:
            raise ArmError(error.message, arm=name, hint=f"It says: {_last(log)}") from error


def _alone() -> Admission:
    return Admission("judge", slots=1, limit=8)


def _last(log: Path) -> str:
    try:
        lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return "nothing"
    return without_keys(lines[-1])[:_LOGGED] if lines else "nothing"


async def word_of(arm: Arm) -> str:
    """Return what an arm says when it is asked for a word, in quotation marks.

    Raises:
        ArmError: it does not answer, or with nothing.
    """
    text = thought = ""
    with suppress(ArmSpent):  # it reasons, so it is there
        async with aclosing(arm.stream(_WORD, max_tokens=_TOKENS, fresh=True)) as pieces:
            async for piece in pieces:
                text, thought = text + piece.text, thought + piece.thought
    if not (text or thought).strip():
        raise ArmError(f"{arm.name} answers with nothing.", arm=arm.name, hint="See its own log.")
    return repr(" ".join((text or thought).split())[:20])


async def endpoint(arm: ArmSettings) -> PartState:
    """Return whether a remote arm answers.

    Raises:
        ArmError: it does not.
    """
    key = key_of(arm)
    if key is None:
        return failed(
            f"the variable {arm.api_key_env} is not set here",
            "the key of its endpoint",
            "Set it where the server runs, and here.",
        )
    facts = EndpointFacts(beginning(arm.base_url), own=arm.extra_body.keys())
    async with remote_client(arm.base_url, key, min(arm.timeout_s, ENDPOINT_S), facts) as client:
        model = arm.model or await only_model(client)
        remote = RemoteArm(arm.name, model, arm.revision, client, arm.extra_body, known=facts)
        said = await word_of(remote)
        place = without_keys(str(client.base_url))
    return ok(f"{model} at {place}; asked for a word, it says {said}")


def remote_base(settings: Settings) -> ArmSettings:
    """Return base where it is at an endpoint."""
    named = next((arm for arm in settings.arms if arm.name == BASE and arm.base_url), None)
    return named or ArmSettings(
        name=BASE,
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        api_key=settings.openai_api_key,
    )


async def judge(settings: Settings, room: EngineRoom | None) -> PartState:
    """Return whether the judge that the settings name answers. room: None: a server has it.

    Raises:
        WeightsError, ArmError: it does not.
    """
    wanted = settings.judge
    if wanted.weights is not None:
        if room is not None:
            return await room.judge(settings.weights_store().find(wanted.weights))
        store = settings.weights_store(offline=True)
        await apart(lambda: store.verify(store.find(wanted.weights or "")))
        return ok(f"{wanted.weights}: the published bytes; the server that runs loads them")
    if wanted.model is None:
        return skipped("no judge is set (judge.weights, or judge.base_url and judge.model)")
    return await endpoint(
        ArmSettings(
            name="judge",
            base_url=wanted.base_url,
            model=wanted.model,
            api_key=wanted.api_key,
            extra_body=wanted.extra_body,
            timeout_s=wanted.timeout_s,
        )
    )


async def base_served(running: Running) -> PartState:
    """Return whether the engine of a server that runs writes.

    Raises:
        ServerError: it does not.
    """
    status = await asked(running, "GET", "/v1/status")
    if status["model"] == "failed":
        return failed(status["message"], "a model that is loaded", "See the server's log.")
    if status["model"] != "ready":
        return warning(status["message"], "a model that is loaded", "Wait, and run this again.")
    offer = await asked(running, "GET", "/v1/evals/judge")
    if not offer["weights"]:
        return ok(f"the server says that it is ready: {offer['why']}")
    body = {
        "model": offer["weights"],
        "messages": list(_WORD),
        "response_format": {"type": "text"},
        "max_tokens": _TOKENS,
    }
    path = "/v1/evals/judge/chat/completions"
    reply = await asked(running, "POST", path, json=body, timeout=ENGINE_S)
    said = str(reply["choices"][0]["message"]["content"]).strip()
    if not said:
        raise ArmError("The engine of the server answers with nothing.", arm=BASE)
    got = f"{offer['weights']} in the server; asked for a word, it says {said[:20]!r}"
    if status["message"] and "weaker" in status["message"]:
        return warning(got, "the weights that engine.model names", status["message"])
    return ok(got)


async def adapter_served(running: Running, arm: ArmSettings) -> PartState:
    """Return whether a server that runs holds an adapter.

    Raises:
        ServerError: it cannot be asked.
    """
    arms = (await asked(running, "GET", "/v1/evals/arms"))["arms"]
    held = {name: arms[name] for name in arm.strengths if name in arms}
    if not held:
        return failed(
            f"the server at {running.url} does not hold it",
            "an adapter that fits the weights",
            "See the server's log; it says why it was left out.",
        )
    return ok(f"held by the server: {', '.join(held.values())}")
