"""The graph waits for a person by an interrupt, and goes on with what they said, days later too."""

from contextlib import aclosing

from assistant.app import open_assistant
from assistant.assistant import PassedOn, ShownPiece
from assistant.desk.settings import DeskSettings
from assistant.desk.states import Holder
from assistant.progress import Watcher
from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.settings import KnowledgeSettings, Settings
from tests.support.documents import fill

ADA = Worker("a", "Ada")
CONFIG = {"configurable": {"thread_id": "c"}}


async def said(assistant, question, **options):
    async with aclosing(assistant.answer(question, conversation_id="c", **options)) as events:
        return [event async for event in events]


def settings(tmp_path, cache_dir, endpoint):
    return Settings(
        data_dir=tmp_path / "data",
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
    )


async def test_an_interrupt_outlives_a_restart(tmp_path, cache_dir, documents, endpoint):
    at = settings(tmp_path, cache_dir, endpoint)
    fill(at.data_dir, documents)
    async with open_assistant(at, Watcher()) as assistant:
        *_, turn = await said(assistant, "Can I talk to a person?")
        assert turn.outcome == "handed_off"
        waiting = await assistant.graph.aget_state(CONFIG)
        assert waiting.next == ("wait",)
        (passed,) = await said(assistant, "It is about my refund")
        assert isinstance(passed, PassedOn)
        assert passed.text == "I have added this to your request #1."
    async with open_assistant(at, Watcher()) as assistant:
        assert (await assistant.graph.aget_state(CONFIG)).next == ("wait",)
        assistant.desk.reply("1", "You get it back on Monday.", ADA)
        (passed,) = await said(assistant, "Thanks, and when?")
        assert passed.text == "", "a person speaks"
        assistant.desk.give_back("1", ADA)
    async with open_assistant(at, Watcher()) as assistant:
        *pieces, turn = await said(assistant, "What is a token?")
        assert pieces
        assert all(isinstance(piece, ShownPiece) and piece.number for piece in pieces)
        assert turn.outcome == "answered"
        state = await assistant.graph.aget_state(CONFIG)
        told = [message["content"] for message in state.values["messages"]]
        assert told[2:5] == [
            "It is about my refund",
            "You get it back on Monday.",
            "Thanks, and when?",
        ]
        assert state.next == ()


async def test_a_ticket_that_is_opened_beside_a_turn_is_waited_for_too(
    tmp_path, cache_dir, documents, endpoint
):
    at = settings(tmp_path, cache_dir, endpoint)
    fill(at.data_dir, documents)
    async with open_assistant(at, Watcher()) as assistant:
        *_, first = await said(assistant, "Who won the 1998 World Cup?")
        assert first.outcome == "abstained"
        assistant.desk.open(Ticket("c", "en", "Who won?"))
        assistant.desk.reply("1", "France.", ADA)
        assistant.desk.give_back("1", ADA)
        await said(assistant, "What is a token?")
        state = await assistant.graph.aget_state(CONFIG)
        told = [message["content"] for message in state.values["messages"]]
        assert told[2:4] == ["Who won?", "France."]
        await said(assistant, "What is a pod?")
        state = await assistant.graph.aget_state(CONFIG)
        assert [m["content"] for m in state.values["messages"]].count("France.") == 1


async def test_who_takes_over_while_the_bot_speaks_ends_it_there(
    tmp_path, cache_dir, documents, endpoint
):
    at = settings(tmp_path, cache_dir, endpoint)
    fill(at.data_dir, documents)
    async with open_assistant(at, Watcher()) as assistant:
        shown = []
        async with aclosing(assistant.answer("What is a token?", conversation_id="c")) as events:
            async for event in events:
                shown.append(event)
                if isinstance(event, ShownPiece) and len(shown) == 1:
                    assistant.desk.open(Ticket("c", "en", "Let me through"), ADA)
        turn = shown[-1]
        assert (turn.outcome, turn.answer) == ("taken_over", "".join(shown[:-1]))
        log = assistant.records.threads.entries("c")
        kinds = [entry.kind for entry in log]
        assert kinds == ["question", "piece", "moved", "cut"]
        assert assistant.records.threads.thread("c").holder is Holder.WAITING


async def test_people_alone_answer_some_kinds(tmp_path, cache_dir, documents, endpoint):
    at = settings(tmp_path, cache_dir, endpoint)
    at = at.model_copy(update={"desk": DeskSettings(people_only=("support",))})
    fill(at.data_dir, documents)
    async with open_assistant(at, Watcher()) as assistant:
        *_, turn = await said(assistant, "How do I reset my password?")
        assert (turn.outcome, turn.answer[:24]) == ("handed_off", "Questions like this one ")
        assert assistant.desk.get("1").reason == "people_only"


async def test_an_answer_that_a_kill_cut_short_is_ended_at_the_next_start(
    tmp_path, cache_dir, documents, endpoint
):
    at = settings(tmp_path, cache_dir, endpoint)
    fill(at.data_dir, documents)
    async with open_assistant(at, Watcher()) as assistant:
        conversation = assistant.records.begin("local", "c")
        threads = assistant.records.threads
        threads.take(conversation, "turn-1", "What is a token?")
        threads.say(conversation, "turn-1", "A token is")
    async with open_assistant(at, Watcher()) as assistant:
        assert await assistant.recover() == 1
        assert await assistant.recover() == 0
        (turn,) = assistant.records.conversation("c")
        assert (turn.outcome, turn.answer, turn.question) == (
            "left",
            "A token is",
            "What is a token?",
        )
