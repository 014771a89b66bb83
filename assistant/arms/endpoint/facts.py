"""What is known of an endpoint while it is used: found once, by whoever asks first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from assistant.arms.endpoint.dialect import PLAIN, Dialect

_PATIENCE_S: Final = 2.0


async def _nowhere(dialect: Dialect) -> None:
    del dialect


class EndpointFacts:
    """The dialect of one endpoint. Only for use within one event loop.

    first: what to speak as long as nothing is known. kept: what was found earlier; None: nothing.
    own: the fields of a request that a person has set. keep: is told whenever something was found.
    """

    def __init__(
        self,
        first: Dialect = PLAIN,
        kept: Dialect | None = None,
        *,
        own: AbstractSet[str] = frozenset(),
        keep: Callable[[Dialect], Awaitable[None]] = _nowhere,
    ) -> None:
        self.first = first
        self.dialect = kept or first
        self.found = kept is not None
        self.own = own
        self._keep = keep
        self._finding = asyncio.Lock()

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask within the block: one at a time, until the endpoint has taken a request.

        So of many who ask at first, one finds out for all. But who has waited long goes on: the
        first request may be lost.
        """
        if not self.found:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._finding.acquire()
            except TimeoutError:
                yield
                return
            if not self.found:
                try:
                    yield
                finally:
                    self._finding.release()
                return
            self._finding.release()
        yield

    async def accepted(self, dialect: Dialect) -> None:
        """Take note that the endpoint has taken a request in a dialect."""
        await self._settle(replace(dialect, unopened=self.dialect.unopened))

    async def read(self, unopened: bool | None) -> None:  # noqa: FBT001  (it is what is told)
        """Take note of where a reply of its had the reasoning."""
        await self._settle(replace(self.dialect, unopened=unopened))

    def forget(self) -> None:
        """Begin anew: it is another model."""
        self.dialect, self.found = self.first, False

    async def _settle(self, dialect: Dialect) -> None:
        if self.found and dialect == self.dialect:
            return
        self.dialect, self.found = dialect, True
        await self._keep(dialect)
