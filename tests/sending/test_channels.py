"""Each channel against a real receiver on loopback."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import logging
import shutil
import ssl
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.errors import GuardError
from assistant.sending.channel import NotSent, sent
from assistant.sending.channels import ChannelTrial, channels, tried
from assistant.sending.mail import Mail, composed
from assistant.sending.slack import Slack, escaped
from assistant.sending.webhook import Webhook
from assistant.settings import AlarmSettings
from guardrails.store.outbox import OutboxMessage, Recipient
from tests.sending.receivers import DROP, HANG, Http, Smtp, listening

NOW = datetime(2026, 11, 28, 12, 0, 30, 500_000, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
MESSAGE = OutboxMessage(
    "alarm.raised",
    {"subject": "Blind & <!channel>", "text": "Sätze.\nZwei.", "kind": "blind", "arm": "tuned"},
    NOW,
    "alarm:blind:tuned",
)
HERE = Recipient("any")


@pytest.fixture
async def http():
    async with listening(Http()) as receiver:
        yield receiver


@pytest.fixture
async def smtp():
    async with listening(Smtp()) as receiver:
        yield receiver


def mail(smtp: Smtp, **more) -> Mail:
    to = ("ada@example.com", "bob@example.com")
    return Mail("127.0.0.1", smtp.port, "alarms@example.com", to, **{"tls": "none", **more})


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Verify as a receiver does, by what the specification says alone."""
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]
    )
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [one.split(",", 1) for one in headers["webhook-signature"].split(" ")]
    return any(v == "v1" and hmac.compare_digest(s, wanted) for v, s in given)


async def test_a_webhook_is_signed_json_with_the_same_id_and_body_each_time(http):
    hook = Webhook(http.url(), KEY)
    assert await hook.send(MESSAGE, HERE, NOW) == ""
    await hook.send(MESSAGE, HERE, NOW.replace(minute=5))
    first, second = http.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == MESSAGE.id
    assert int(second.headers["webhook-timestamp"]) == int(first.headers["webhook-timestamp"]) + 300
    assert first.body == second.body
    assert first.headers["content-type"] == "application/json"
    for post in http.posts:
        assert verified(SECRET, post.headers, post.body)
    assert not verified(SECRET, first.headers, first.body + b" ")
    assert not verified(SECRET, first.headers | {"webhook-id": "msg_x"}, first.body)
    assert json.loads(first.body) == {
        "type": "alarm.raised",
        "timestamp": NOW.isoformat(),
        "data": dict(MESSAGE.body),
    }


def test_the_signature_is_that_of_the_specification():
    """Vector of the reference libraries of the Standard Webhooks project."""
    from assistant.sending.signature import key_of, signature

    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "final"),
    [
        *((400, True), (401, True), (404, True), (410, True), (408, False), (429, False)),
        *((500, False), (503, False), (302, False), (304, False)),
    ],
)
async def test_what_a_receiver_answers_decides(http, status, final):
    http.script, http.more = [status], {"Location": http.url("/elsewhere")}
    failure = await sent(Webhook(http.url(), KEY), MESSAGE, HERE, NOW)
    assert isinstance(failure, NotSent)
    assert (failure.why, failure.final) == (f"HTTP {status}", final)
    assert [post.path for post in http.posts] == ["/in"], "a redirect is not followed"


@pytest.mark.parametrize(
    ("said", "waits"), [("7", 7), ("999999", 86_400), ("Wed, 21 Oct", 0), ("-5", 0), ("²", 0)]
)
async def test_a_receiver_may_ask_to_be_left_alone(http, said, waits):
    from assistant.sending.post import _wait_s

    assert _wait_s(said) == waits
    if said.isascii():
        http.script, http.more = [429], {"Retry-After": said}
        failure = await sent(Slack(http.url()), MESSAGE, HERE, NOW)
        assert failure.wait_s == waits


async def test_who_does_not_answer_is_waited_for_a_bounded_time(http):
    http.script = [HANG]
    failure = await sent(Webhook(http.url(), KEY, timeout_s=0.2), MESSAGE, HERE, NOW)
    assert (failure.why, failure.final) == ("Timeout", False)


async def test_who_is_not_there_or_hangs_up_is_tried_again(http):
    http.script = [DROP]
    failure = await sent(Webhook(http.url(), KEY), MESSAGE, HERE, NOW)
    assert (failure.why, failure.final) == ("RemoteProtocolError", False)
    failure = await sent(Slack("http://127.0.0.1:1/in"), MESSAGE, HERE, NOW)
    assert (failure.why, failure.final) == ("ConnectError", False)


async def test_slack_gets_text_in_which_nothing_is_a_mention(http):
    assert await Slack(http.url()).send(MESSAGE, HERE, NOW) == ""
    told = json.loads(http.posts[0].body)
    assert told == {"text": "Routeback: Blind &amp; &lt;!channel&gt;\nSätze.\nZwei."}
    assert escaped("&lt;") == "&amp;lt;"


async def test_addresses_and_secrets_are_in_no_log_and_no_repr(http, caplog):
    caplog.set_level(logging.DEBUG)
    http.script = [200, 500, HANG]
    hook = Webhook(http.url("/T0PSECRET"), KEY, timeout_s=0.2)
    for _ in range(3):
        await sent(hook, MESSAGE, HERE, NOW)
    secrets = mail(Smtp(), user="u", password="T0PSECRET")
    assert "T0PSECRET" not in f"{caplog.text}{hook!r}{Slack(http.url('/T0PSECRET'))!r}{secrets!r}"
    assert "x00" not in repr(hook)
    http.script.clear()  # on a busy machine fewer have arrived
    import httpx

    async with httpx.AsyncClient() as client:
        await client.get(http.url("/others"))
    assert "/others" in caplog.text, "what others log stays"


async def test_an_e_mail_is_the_same_one_each_time(smtp):
    assert await mail(smtp).send(MESSAGE, HERE, NOW) == ""
    await mail(smtp).send(MESSAGE, HERE, NOW.replace(hour=13))
    first, second = smtp.letters
    assert first == second
    assert (first.sender, first.to) == (
        "alarms@example.com",
        ["ada@example.com", "bob@example.com"],
    )
    letter = email.message_from_bytes(first.data, policy=email.policy.default)
    assert letter["Message-ID"] == f"<{MESSAGE.id}@example.com>"
    assert letter["Subject"] == "Routeback: Blind & <!channel>"
    assert letter["To"] == "ada@example.com, bob@example.com"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime == NOW.replace(microsecond=0)
    assert letter.get_content() == "Sätze.\nZwei.\n\nkind: blind\narm: tuned\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\u2028", "\x00"])
async def test_no_text_can_add_a_header_or_a_line(smtp, end):
    body = {
        "subject": f"a{end}Bcc: eve@example.com{end}{end}x",
        "arm": f"t{end}To: eve",
        "text": ".",
    }
    await mail(smtp).send(replace(MESSAGE, body=body), HERE, NOW)
    (letter,) = smtp.letters
    assert letter.to == ["ada@example.com", "bob@example.com"]
    read = email.message_from_bytes(letter.data, policy=email.policy.default)
    assert read["Bcc"] is None
    assert read["Subject"] == "Routeback: a Bcc: eve@example.com x"
    assert read.get_content() == ".\n\narm: t To: eve\n"


async def test_an_e_mail_can_have_its_own_address_and_no_other_than_one(smtp):
    await mail(smtp).send(MESSAGE, Recipient("email", "eve@example.com"), NOW)
    assert smtp.letters[0].to == ["eve@example.com"]
    for wrong in ("eve", "a@b, c@d", "a@b\r\nBcc: c@d", "ü@example.com", f"{'a' * 250}@b.de"):
        failure = await sent(mail(smtp), MESSAGE, Recipient("email", wrong), NOW)
        assert (failure.why, failure.final) == ("not an address", True)
    assert len(smtp.letters) == 1


@pytest.mark.parametrize(
    ("refuse", "why", "final"),
    [
        ({"MAIL": "451 later"}, "SMTPSenderRefused 451", False),
        ({"MAIL": "550 never"}, "SMTPSenderRefused 550", True),
        ({"DATA": "554 no"}, "SMTPDataError 554", True),
        ({"AUTH": "535 wrong T0PSECRET"}, "SMTPAuthenticationError 535", True),
        ({"RCPT": "550 nobody"}, "every address refused (550)", True),
        ({"RCPT": "450 later"}, "every address refused (450)", False),
        ({"EHLO": "421 busy", "HELO": "421 busy"}, "SMTPHeloError 421", False),
    ],
)
async def test_what_a_mail_server_refuses_is_said_by_its_number(smtp, refuse, why, final):
    smtp.refuse = refuse
    failure = await sent(mail(smtp, user="u", password="p"), MESSAGE, HERE, NOW)
    assert (failure.why, failure.final) == (why, final)
    assert smtp.letters == []


async def test_one_refused_address_is_noted_and_the_others_get_it(smtp):
    smtp.refuse = {"bob@example.com": "550 nobody"}
    assert await mail(smtp).send(MESSAGE, HERE, NOW) == "1 of 2 addresses refused"
    assert smtp.letters[0].to == ["ada@example.com"]


async def test_a_password_is_not_sent_where_nothing_is_encrypted(smtp):
    failure = await sent(mail(smtp, tls="starttls", user="u", password="p"), MESSAGE, HERE, NOW)
    assert (failure.why, failure.final) == ("SMTPNotSupportedError", False)
    failure = await sent(
        mail(smtp, tls="ssl", user="u", password="p", timeout_s=0.5), MESSAGE, HERE, NOW
    )
    assert isinstance(failure, NotSent)
    assert not any(line.startswith("AUTH") for line in smtp.lines)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    made = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(made / "key.pem"), "-out", str(made / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return made


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
@pytest.mark.parametrize("trusted", [True, False])
async def test_starttls_encrypts_before_the_password_and_checks_who_it_is(
    smtp, certificate, monkeypatch, trusted
):
    smtp.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    smtp.tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    smtp.extensions = ("STARTTLS", "AUTH PLAIN")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    said = await sent(
        mail(smtp, tls="starttls", user="u", password="p", timeout_s=5), MESSAGE, HERE, NOW
    )
    if trusted:
        assert said == ""
        assert len(smtp.letters) == 1
        verbs = [line.split(" ")[0] for line in smtp.lines]
        assert verbs.index("STARTTLS") < verbs.index("AUTH")
    else:
        assert (said.why, said.final) == ("SSLCertVerificationError", False)
        assert not any(line.startswith("AUTH") for line in smtp.lines)


async def test_a_mail_server_that_says_nothing_is_waited_for_a_bounded_time(smtp):
    smtp.silent = True
    failure = await sent(mail(smtp, timeout_s=0.1), MESSAGE, HERE, NOW)
    assert (failure.why, failure.final) == ("SMTPServerDisconnected", False)


def test_a_message_without_words_is_an_e_mail_too():
    letter = composed(OutboxMessage("ticket.opened", {}, NOW, "t"), "a@b.de", ("c@d.de",))
    assert letter["Subject"] == "Routeback: ticket.opened"


async def test_a_test_goes_through_every_channel_and_says_what_happened(http, smtp):
    smtp.refuse = {"MAIL": "550 never"}
    settings = AlarmSettings.model_validate(
        {
            "webhook": {"url": http.url(), "secret": SECRET},
            "slack": {"url": http.url("/slack")},
            "smtp": {
                "host": "127.0.0.1",
                "port": smtp.port,
                "from": "a@b.de",
                "to": "c@d.de",
                "tls": "none",
            },
        }
    )
    found = await tried(channels(settings), NOW)
    assert found.channels == (
        ChannelTrial("webhook", sent=True, said=""),
        ChannelTrial("slack", sent=True, said=""),
        ChannelTrial("email", sent=False, said="SMTPSenderRefused 550"),
    )
    (hook,) = [post for post in http.posts if post.path == "/in"]
    assert hook.headers["webhook-id"] == found.id
    assert verified(SECRET, hook.headers, hook.body)


async def test_a_test_without_a_channel_says_what_to_set():
    with pytest.raises(GuardError, match="No channel") as caught:
        await tried(channels(AlarmSettings()), NOW)
    for name in ("WEBHOOK__SECRET", "SLACK__URL", "SMTP__HOST"):
        assert name in caught.value.hint


async def test_what_the_docs_show_verifies_what_is_sent(http, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "alarms.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    shown: dict = {}
    exec(code, shown)
    await Webhook(http.url(), KEY).send(MESSAGE, HERE, datetime.now(UTC))
    await Webhook(http.url(), KEY).send(MESSAGE, HERE, NOW.replace(year=2020))
    good, old = http.posts
    assert shown["verify"](SECRET, good.headers, good.body)
    assert not shown["verify"](SECRET, good.headers, good.body + b" ")
    assert not shown["verify"](SECRET, old.headers, old.body)
