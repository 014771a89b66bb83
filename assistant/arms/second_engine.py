"""An engine beside base's, with other weights: so that a new base can be a candidate first."""

import asyncio
import logging
from pathlib import Path

from assistant.errors import ArmError, ArmNotReady, WeightsError
from assistant.local import memory
from assistant.local.catalogue import Weights
from assistant.local.engine import Engine, EngineSpec
from assistant.local.weights import WeightsStore

log = logging.getLogger(__name__)


class SecondEngine(Engine):
    """Started when it is first asked, if its weights are right and fit into memory.

    It shares base's queue: one answer is computed at a time, and people go first.
    """

    def __init__(
        self, weights: Weights, store: WeightsStore, spec: EngineSpec, log_file: Path
    ) -> None:
        super().__init__(spec, log_file)
        self.weights = weights
        self._store = store
        self._started = False
        self._starting: asyncio.Task[None] | None = None

    async def up(self, *, wait: bool) -> None:
        """Return once it can be asked; begin to start it if nobody has.

        Raises:
            ArmNotReady: it is being started, or could not be; the next who asks tries again.
        """
        if self._started:
            return
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._bring())
            self._starting.add_done_callback(_noted)
        if not wait:
            raise self._not_ready("is still being started.")
        await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """End the child, also one that is being started."""
        starting, self._starting = self._starting, None
        if starting is not None and not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
        self._started = False
        await super().stop()

    async def _bring(self) -> None:
        try:
            await asyncio.to_thread(self._store.ready, self.weights)
            memory.check(self.weights)
            await self.start()
        except (WeightsError, ArmError) as error:
            raise self._not_ready(f"could not be started: {error.message}", error.hint) from error
        self._started = True

    def _not_ready(self, what: str, hint: str = "") -> ArmNotReady:
        return ArmNotReady(f"{self.weights.title} {what}", arm=self.weights.name, hint=hint)


def _noted(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("%s", error)
