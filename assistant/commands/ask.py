"""``routeback ask``: one question, from the terminal."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from assistant.errors import ArmBusy, ArmError, QuestionError, RoutebackError, ServerError
from assistant.running import Running, find
from assistant.settings import Settings, load
from guardrails.text import markers

if TYPE_CHECKING:
    import httpx

    from assistant.assistant import Assistant, Event

_BUSY = 429
NOTICE: Final = """\
You are talking to an AI system. Its answers can be wrong. What you write is stored: e-mail
addresses, telephone numbers, IBANs, card numbers and keys are taken out first, names are not. The
chat page ('routeback up') passes you on to a person.
Sie sprechen mit einem KI-System. Antworten können falsch sein. Was Sie schreiben, wird gespeichert:
E-Mail-Adressen, Telefonnummern, IBANs, Kartennummern und Schlüssel werden vorher entfernt, Namen
nicht. Die Chat-Seite ('routeback up') führt zu einem Menschen.
"""


def ask(
    question: Annotated[str, typer.Argument(help="The question, in English or German.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    conversation: Annotated[
        str | None, typer.Option(help="Id of a conversation to go on with.")
    ] = None,
) -> None:
    """Answer one question from the documents, with its sources.

    An AI system chooses or writes the answer, and can be wrong.
    A running server of the same data folder is used; else what the question needs is started for
    it alone: the index, and the model only if it has to write.
    """
    settings = load()
    asyncio.run(_ask(settings, question, conversation, as_json=as_json))


async def _ask(
    settings: Settings, question: str, conversation: str | None, *, as_json: bool
) -> None:
    from assistant.commands.console import err, plain_write, say

    if not as_json:
        say(NOTICE, to=err)
    running = find(settings.data_dir)
    events = (
        _from_server(running, question, conversation)
        if running
        else _in_process(settings, question, conversation)
    )
    turn: Mapping[str, Any] = {}
    answer = ""
    async with aclosing(events):
        async for event in events:
            if not isinstance(event, str):
                turn = event
                continue
            answer += event
            if not as_json:
                plain_write(event)
    if as_json:
        typer.echo(json.dumps({"answer": answer, **turn}, ensure_ascii=False, indent=2))
    else:
        plain_write("\n" + _sources(answer, turn))


def _where(source: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (source["url"] or source["source"], source.get("place"))))


def _sources(answer: str, turn: Mapping[str, Any]) -> str:
    """Return the cited passages as lines, what the check found, and who wrote the answer."""
    named = markers.numbers(answer)
    cited = [s for s in turn.get("sources", ()) if s["number"] in named]
    lines = [f"  [{s['number']}] {s['title']} ({_where(s)})" for s in cited]
    doubtful = [s["text"] for s in turn.get("sentences", ()) if not s["carried"]]
    if turn.get("outcome") == "answered" and doubtful:
        lines += ["", "Not found in the sources:", *(f"  - {text}" for text in doubtful)]
    if not turn.get("checked", True):
        lines += ["", "This answer could not be checked against the sources."]
    if author := turn.get("author"):
        lines += ["", author["label"]]
    return "\n".join(["", *lines, ""]) if lines else ""


async def _in_process(
    settings: Settings, question: str, conversation: str | None
) -> AsyncGenerator[str | Mapping[str, Any]]:
    from assistant.language import load_ahead

    load_ahead()
    from assistant.app import open_assistant
    from assistant.commands.console import watching
    from assistant.records.turns import Turn

    async with AsyncExitStack() as stack:
        with watching() as watcher:
            opening = open_assistant(settings, watcher, "when asked")
            assistant = await stack.enter_async_context(opening)
        events = _patiently(assistant, question, conversation)
        await stack.enter_async_context(aclosing(events))
        async for event in events:
            if isinstance(event, Turn):
                yield event.view().model_dump(mode="json")
            elif isinstance(event, str):
                yield event


async def _patiently(
    assistant: "Assistant", question: str, conversation: str | None
) -> AsyncGenerator["Event"]:
    """Answer; the engine is brought up only if an arm is asked, and then the question is again.

    Nothing has been shown by then, and no deadline of an answer runs while it is fetched.
    """
    from assistant.commands.console import watching
    from assistant.local.late_engine import EngineWanted

    events = assistant.answer(question, conversation_id=conversation)
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    except EngineWanted:
        with watching() as watcher:
            await assistant.bring(watcher)
    else:
        return
    events = assistant.answer(question, conversation_id=conversation)
    async with aclosing(events):
        async for event in events:
            yield event


async def _from_server(
    running: Running, question: str, conversation: str | None
) -> AsyncGenerator[str | Mapping[str, Any]]:
    import httpx  # as in ``assistant.running``

    body = {
        "model": "routeback",
        "stream": True,
        "messages": [{"role": "user", "content": question}],
        "routeback": {"conversation_id": conversation},
    }
    url = f"{running.url}/v1/chat/completions"
    timeout = httpx.Timeout(600, connect=5)
    async with httpx.AsyncClient(timeout=timeout, headers=running.headers) as client:
        try:
            async with client.stream("POST", url, json=body) as reply:
                if reply.is_error:
                    await reply.aread()
                    raise _refusal(reply)
                async for line in reply.aiter_lines():
                    data = line.removeprefix("data: ")
                    if not line.startswith("data: ") or data == "[DONE]":
                        continue
                    chunk = json.loads(data)
                    if "error" in chunk:
                        raise ArmError(chunk["error"]["message"], arm="base")
                    if text := chunk["choices"][0]["delta"].get("content"):
                        yield text
                    if "routeback" in chunk:
                        yield chunk["routeback"]
        except httpx.HTTPError as error:
            raise ServerError(
                f"The server at {running.url} stopped answering ({type(error).__name__}).",
                hint="Start it again with 'routeback up'.",
            ) from error


def _refusal(reply: "httpx.Response") -> RoutebackError:
    try:
        message = reply.json()["error"]["message"]
    except (ValueError, KeyError):
        message = f"The server refused with HTTP {reply.status_code}."
    if reply.status_code == _BUSY:
        return ArmBusy(message, arm="base", retry_after_s=float(reply.headers["retry-after"]))
    return QuestionError(message)
