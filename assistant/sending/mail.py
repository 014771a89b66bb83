"""E-mail over SMTP."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from assistant.sending.addresses import is_mailbox
from assistant.sending.channel import NotSent
from assistant.sending.settings import Tls
from guardrails.failures import kind
from guardrails.store.outbox import OutboxMessage, Recipient

EMAIL: Final = "email"
TIMEOUT_S: Final = 10.0
"""For one step of the conversation with the mail server."""
_WHOLE: Final = 4
"""Times as long may all of it take."""
_PERMANENT: Final = 500
_FIELDS: Final = ("kind", "arm", "segment", "decision", "at")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server, and who is written to. user, password: "" if it wants none."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    tls: Tls = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S

    @property
    def name(self) -> str:
        """How it is called."""
        return EMAIL

    async def send(self, message: OutboxMessage, to: Recipient, now: datetime) -> str:
        """Send a message as one e-mail; return which share of the addresses was refused, if any."""
        del now
        addresses = (to.address,) if to.address else self.to
        if not all(map(is_mailbox, addresses)):
            raise NotSent("not an address", final=True)
        letter = composed(message, self.sender, addresses)
        try:
            async with asyncio.timeout(_WHOLE * self.timeout_s):
                refused = await asyncio.to_thread(self._deliver, letter, addresses)
        except TimeoutError as error:
            raise NotSent("Timeout") from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            final = all(code >= _PERMANENT for code in codes)
            raise NotSent(f"every address refused ({max(codes)})", final=final) from error
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise NotSent(f"{kind(error)} {code}", final=code >= _PERMANENT) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(kind(error)) from error
        return f"{refused} of {len(addresses)} addresses refused" if refused else ""

    def _deliver(self, letter: EmailMessage, addresses: tuple[str, ...]) -> int:
        """Hand a letter over; return how many addresses were refused. Blocking."""
        with self._server() as server:
            self._greet(server)
            return len(server.send_message(letter, self.sender, list(addresses)))

    def greeted(self) -> str:
        """Sign in and send nothing; return what the server calls itself. Blocking.

        Raises:
            SMTPException, OSError: it does not let us in.
        """
        with self._server() as server:
            self._greet(server)
            server.noop()
            return (server.ehlo_resp or b"").split(b"\n")[0].decode("ascii", "replace")

    def _greet(self, server: smtplib.SMTP) -> None:
        if self.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.user:
            server.login(self.user, self.password)
        server.ehlo_or_helo_if_needed()

    def _server(self) -> smtplib.SMTP:
        where: dict[str, Any] = {"host": self.host, "port": self.port, "timeout": self.timeout_s}
        if self.tls == "ssl":
            return smtplib.SMTP_SSL(**where, context=ssl.create_default_context())
        return smtplib.SMTP(**where)


def composed(message: OutboxMessage, sender: str, addresses: tuple[str, ...]) -> EmailMessage:
    """Return a message as an e-mail; sent again, it is the same one."""
    letter = EmailMessage()
    letter["From"] = sender
    letter["To"] = ", ".join(addresses)
    title = str(message.body.get("subject", message.topic))
    personal = bool(message.body.get("personal"))  # to somebody who knows no product of this name
    letter["Subject"] = _line(title if personal else f"Routeback: {title}")
    letter["Date"] = format_datetime(message.created)
    letter["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    lines = [f"{name}: {value}" for name in _FIELDS if (value := message.body.get(name))]
    text = message.body.get("text", "")
    letter.set_content("\n".join([str(text), "", *map(_line, lines)]).strip() + "\n")
    return letter


def _line(text: str) -> str:
    """Return a text that is one line: what ends lines or is not shown is a space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
