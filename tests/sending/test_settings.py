"""The section ``alarms``: all mistakes at once, and no secret in any of them."""

import base64

import pytest

from assistant import settings
from assistant.errors import SettingsError
from assistant.sending.addresses import is_host, is_mailbox, is_page
from assistant.sending.channels import channels
from tests.sending.test_channels import SECRET


def given(monkeypatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"ROUTEBACK_ALARMS__{name}", value)


def wrong() -> str:
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return caught.value.message


def test_nothing_is_sent_by_default():
    assert channels(settings.load().alarms) == ()


def test_the_environment_sets_every_channel(monkeypatch):
    given(
        monkeypatch,
        WEBHOOK__URL="https://example.com/T0P",
        WEBHOOK__SECRET=SECRET,
        SLACK__URL="https://hooks.example.com/T0P",
        SMTP__HOST="mail.example.com",
        SMTP__FROM="alarms@example.com",
        SMTP__TO="ada@example.com, bob@example.com",
        SMTP__USER="alarms",
        SMTP__PASSWORD="T0P",
    )
    loaded = settings.load()
    webhook, slack, mail = channels(loaded.alarms)
    assert (webhook.name, slack.name, mail.name) == ("webhook", "slack", "email")
    assert (mail.port, mail.tls, mail.user) == (587, "starttls", "alarms")
    assert mail.to == ("ada@example.com", "bob@example.com")
    assert "T0P" not in f"{loaded!r}{webhook!r}{slack!r}{mail!r}"
    assert SECRET[6:] not in f"{loaded!r}{webhook!r}"


def test_the_file_sets_them_too(tmp_path):
    (tmp_path / "routeback.toml").write_text(
        '[alarms.smtp]\nhost = "::1"\nfrom = "a@b.de"\nto = "c@d.de"\ntls = "ssl"\n'
    )
    (mail,) = channels(settings.load().alarms)
    assert (mail.host, mail.port, mail.sender) == ("::1", 465, "a@b.de")


def test_all_mistakes_are_told_at_once_and_no_value(monkeypatch):
    given(
        monkeypatch,
        WEBHOOK__URL="ftp://T0P.example.com",
        WEBHOOK__SECRET="whsec_T0P",
        WEBHOOK__SECRETT="T0P",
        SLACK__URL="https:///T0P",
        SMTP__HOST="mail.example.com:25",
        SMTP__PORT="T0P",
        SMTP__PASS="T0P",
    )
    message = wrong()
    assert "T0P" not in message
    assert "alarms.webhook.SECRETT".lower() in message
    assert "alarms.smtp.pass" in message
    assert "alarms.smtp.port" in message
    assert "alarms.slack: url begins with http:// or https://" in message
    assert message.startswith("4 settings are wrong")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"WEBHOOK__URL": "https://example.com"}, "url and secret belong together"),
        ({"WEBHOOK__SECRET": SECRET}, "url and secret belong together"),
        ({"SMTP__PORT": "25"}, "host is missing"),
        ({"SMTP__HOST": "mail"}, "from and to are needed"),
        ({"SMTP__HOST": "mail:25"}, "without a port; from and to are needed"),
        ({"SMTP__FROM": "Ada <a@b.de>"}, "plain addresses"),
        ({"SMTP__USER": "u"}, "user and password belong together"),
        ({"SMTP__TLS": "maybe"}, "alarms.smtp.tls"),
        ({"SMTP__PORT": "70000"}, "alarms.smtp.port"),
        ({"WEBHOOK": '"https://T0P"'}, "alarms.webhook"),
    ],
)
def test_each_mistake_has_words(monkeypatch, values, said):
    given(monkeypatch, **values)
    message = wrong()
    assert said in message
    assert "T0P" not in message


@pytest.mark.parametrize("bytes_", [0, 23, 65])
@pytest.mark.parametrize("begin", ["whsec_", ""])
def test_a_secret_has_the_form_of_the_specification(monkeypatch, bytes_, begin):
    secret = begin + base64.b64encode(bytes(bytes_)).decode()
    given(monkeypatch, WEBHOOK__URL="https://example.com", WEBHOOK__SECRET=secret)
    assert "secret is whsec_ and the base64 of 24 to 64 random bytes" in wrong()


def test_a_password_is_not_sent_in_the_clear_but_to_this_machine(monkeypatch):
    smtp = {"SMTP__FROM": "a@b.de", "SMTP__TO": "c@d.de", "SMTP__USER": "u", "SMTP__TLS": "none"}
    given(monkeypatch, **smtp, SMTP__PASSWORD="p", SMTP__HOST="mail.example.com")
    assert "could be read on its way" in wrong()
    given(monkeypatch, SMTP__HOST="127.0.0.1")
    assert channels(settings.load().alarms)[0].port == 25


def test_what_is_an_address():
    good = ("http://127.0.0.1:9/x", "https://u:p@a.b/c?d=e", "http://[::1]:80/")
    bad = ("", "a.b", "ftp://a", "http:", "http://", "https://a b", "http://a:99999", "file:///etc")
    assert all(map(is_page, good))
    assert not any(map(is_page, (*bad, "http://a\r\nb", "http://[::1")))
    assert all(map(is_host, ("localhost", "mail.b-c.de", "127.0.0.1", "::1", "fe80::1")))
    assert not any(map(is_host, ("", "a:25", "a/b", "a b", "a@b", "a\n", "[::1]:25")))
    assert all(map(is_mailbox, ("a@b", "a.b+c@d-e.f")))
    assert not any(map(is_mailbox, ("", "a", "a@", "@b", "a@b\n", "a@b,c@d", "<a@b>", "a b@c")))
