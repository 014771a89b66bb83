"""Settings of the bridge to another desk: ``bridge`` in ``assistant.settings``; all off."""

import re
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from assistant.sending.addresses import is_mailbox, is_page
from assistant.sending.settings import WebhookSettings
from assistant.sending.signature import key_of

ZAMMAD: Final = "zammad"
"""How the bridge to Zammad is called: as a channel, and as where events come from."""
_NAME: Final = r"^[a-z0-9][a-z0-9._-]*$"
_HERE: Final = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?")


class BridgeWebhookSettings(WebhookSettings):
    """An address that gets what happens to tickets.

    name: of the desk behind it: what comes in from a source of that name is not sent back to it.
    """

    name: Annotated[str, Field(pattern=_NAME, max_length=32)] = "webhook"


class ZammadSettings(BaseModel):
    """A Zammad that gets all tickets, and from which people answer.

    url: of its page, https unless it is this machine. token: of a user of its own with the
    permission ``ticket.agent``. secret: of the webhooks that it sends. group: where tickets are
    opened. customer: the e-mail address of whoever gave none. open_state, closed_state: names of
    the states that are set; closed: those that mean that it is solved. poll_minutes: after which a
    ticket is looked at though nobody rang. settle_s: how long a request may still take effect
    whose answer did not come.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    token: SecretStr | None = None
    secret: SecretStr | None = None
    group: str = "Users"
    customer: str = ""
    open_state: str = "open"
    closed_state: str = "closed"
    closed: tuple[str, ...] = ("closed", "merged", "removed")
    poll_minutes: Annotated[float, Field(gt=0, le=1440)] = 15.0
    settle_s: Annotated[float, Field(ge=0, le=3600)] = 60.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.url is None:
            return self
        wrong = []
        if not is_page(self.url):
            wrong.append("url begins with http:// or https:// and names a host")
        elif self.url.startswith("http://") and not _HERE.fullmatch(self.url):
            wrong.append("url begins with https:// unless it is this machine: it carries a token")
        if self.token is None:
            wrong.append("url and token belong together")
        if not is_mailbox(self.customer):
            wrong.append("customer is the e-mail address of whoever gave none")
        if self.closed_state not in self.closed:
            wrong.append("closed_state is one of closed")
        if self.open_state in self.closed:
            wrong.append("open_state is none of closed")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class BridgeSettings(BaseModel):
    """The bridge to the desk that a team has: docs/bridge.md.

    incoming: whether another desk may say what its people did. secret: with which it signs;
    ``whsec_`` and base64. hold_s: how long an event waits for those before it. notes: whether notes
    of the team leave the house.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    webhook: BridgeWebhookSettings = BridgeWebhookSettings()
    incoming: bool = False
    secret: SecretStr | None = None
    hold_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    notes: bool = False
    zammad: ZammadSettings = ZammadSettings()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.secret is not None:
            try:
                key_of(self.secret.get_secret_value())
            except ValueError as error:
                raise ValueError(f"secret {error}") from None
        if self.webhook.name == ZAMMAD:
            raise ValueError(f"webhook.name is not {ZAMMAD!r}, which has a bridge of its own")
        return self
