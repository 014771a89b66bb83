"""``routeback worker``: what is done beside answering, in a process of its own."""

import asyncio
from contextlib import AsyncExitStack

from assistant import environment
from assistant.commands.operating.serve import until_told
from assistant.errors import ServerError
from assistant.settings import Settings, load
from assistant.watching.logs import logging_to


def worker() -> None:
    """Do what is done beside answering, until Ctrl-C or SIGTERM: pairs, nights, sources, messages.

    Any number of these may run, on any machines, for the servers of one database_url and one
    knowledge.qdrant_url. Servers leave the work to them with server.background = "workers".
    """
    settings = load()
    if not settings.shared:
        raise ServerError(
            "A worker needs what processes can share: database_url and knowledge.qdrant_url.",
            hint="On one machine 'routeback serve' and 'routeback up' do that work themselves.",
        )
    with logging_to(None, settings.log_level, settings.log_format):
        asyncio.run(until_told(_work(settings)))


async def _work(settings: Settings) -> None:
    from assistant.app import open_assistant
    from assistant.background.beside import beside, until_done
    from assistant.background.custody import Custody
    from assistant.commands.console import err, watching
    from assistant.sources.refresh import Refresher

    with watching() as watcher:
        async with AsyncExitStack() as stack:
            opened = open_assistant(settings, watcher, "beside")
            assistant = await stack.enter_async_context(opened)
            engine, library = assistant.records.engine, assistant.knowledge.library
            refresher = Refresher.of(settings, engine, library)
            custody = Custody.of(assistant)
            try:
                server = settings.server
                stack.enter_context(assistant.watch.telling(server.host, server.metrics_port))
                async with (
                    until_done(assistant.lineup.watch()),
                    until_done(custody.tidy()),
                    beside(assistant, custody, refresher, watcher),
                ):
                    environment.settle()
                    err.print("Working; Ctrl-C ends it.")
                    await asyncio.Event().wait()
            finally:
                await asyncio.to_thread(refresher.close)
