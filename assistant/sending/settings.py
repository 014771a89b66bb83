"""Settings of where alarms are sent: ``alarms`` in ``assistant.settings``.

Addresses are secrets, too: that of a Slack webhook lets anybody post who has it.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from assistant.sending.addresses import is_host, is_mailbox, is_page
from assistant.sending.signature import key_of

Tls = Literal["starttls", "ssl", "none"]
PORTS: Final[dict[Tls, int]] = {"starttls": 587, "ssl": 465, "none": 25}
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def _page(url: SecretStr | None) -> list[str]:
    """Return what is wrong with an address that is posted to."""
    if url is None or is_page(url.get_secret_value()):
        return []
    return ["url begins with http:// or https:// and names a host"]


def _refuse(wrong: Sequence[str]) -> None:
    """Say all that is wrong with a section, if anything is."""
    if wrong:
        raise ValueError("; ".join(wrong))


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class WebhookSettings(_Section):
    """An address that gets signed JSON. secret: ``whsec_`` and the base64 of 24 to 64 bytes."""

    url: SecretStr | None = None
    secret: SecretStr | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = _page(self.url)
        if (self.url is None) != (self.secret is None):
            wrong.append("url and secret belong together")
        if self.secret is not None:
            try:
                key_of(self.secret.get_secret_value())
            except ValueError as error:
                wrong.append(f"secret {error}")
        _refuse(wrong)
        return self


class SlackSettings(_Section):
    """An incoming webhook of Slack, or of what takes the same."""

    url: SecretStr | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _refuse(_page(self.url))
        return self


class SmtpSettings(_Section):
    """A mail server. port: None means the usual one of ``tls``. to: separated by commas."""

    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    user: str = ""
    password: SecretStr | None = None
    sender: Annotated[str, Field(alias="from")] = ""
    to: str = ""
    tls: Tls = "starttls"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = []
        if self.host is None and any((self.user, self.password, self.sender, self.to, self.port)):
            wrong.append("host is missing")
        if self.host is not None and not is_host(self.host):
            wrong.append("host is the name or the address of a machine, without a port")
        if self.host is not None and not (self.sender and self.recipients):
            wrong.append("from and to are needed")
        if not all(map(is_mailbox, filter(None, (self.sender, *self.recipients)))):
            wrong.append("from and to are plain addresses such as ada@example.com")
        if bool(self.user) != bool(self.password):
            wrong.append("user and password belong together")
        if self.user and self.tls == "none" and self.host not in _HERE:
            wrong.append("with tls none the password could be read on its way")
        _refuse(wrong)
        return self

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who is written to."""
        parts = (address.strip() for address in self.to.split(","))
        return tuple(address for address in parts if address)

    @property
    def reached_at(self) -> int:
        """The port."""
        return self.port or PORTS[self.tls]


class AlarmSettings(_Section):
    """Where alarms and what the guard takes back are told: docs/alarms.md."""

    webhook: WebhookSettings = WebhookSettings()
    slack: SlackSettings = SlackSettings()
    smtp: SmtpSettings = SmtpSettings()
