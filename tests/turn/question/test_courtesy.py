"""Nothing but thanks, a greeting or a farewell is courtesy; whoever wants something is heard."""

import pytest

from assistant.turn.question.courtesy import is_courtesy


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "thank you very much",
        "Thank you, that helped 👍",
        "ok thanks, it works now",
        "Thanks for your help, have a nice day",
        "Bye!",
        "Danke",
        "Vielen Dank, das hat geholfen!",
        "Alles klar, danke schön",
        "Danke für die schnelle Hilfe, schönen Abend noch",
        "Auf Wiedersehen",
        "Hello again!",
        "Thanks again for your quick reply",
        "Nochmals danke für eure Hilfe!",
    ],
)
def test_nothing_but_thanks(text):
    assert is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, that is wrong",
        "thank you but no",
        "thanks, one more thing",
        "ok but why",
        "thanks that did not help",
        "thanks that didn't help",
        "thanks that helped not at all",
        "good night, still no refund",
        "thanks, is it solved now?",
        "thanks 4711",
        "ok",
        "perfect",
        "hello, help",
        "ok thanks, help",
        "Hello support, this is it again",
        "thanks again again",
        "Hallo, Hilfe!",
        "Danke, geht immer noch nicht",
        "Danke, das hat nicht geholfen",
        "danke für nichts",
        "Hallo, noch da?",
        "Danke, aber das klappt jetzt auch nur halb",
        "",
        "👍",
    ],
)
def test_who_wants_something_is_heard(text):
    assert not is_courtesy(text)
