"""Keys, tokens and passwords in a text, by the patterns of ``detect-secrets``.

Those that know a secret by its form; the ones that go by chance (entropy) or by a word such as
"password" see secrets in ordinary questions. A text is looked at only around long runs that no
word makes, and there window by window, so that the work grows with its length and not with its
square: some of the patterns would look at a long run again from each of its characters.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final

from guardrails.failures import KEY_PREFIXES

_PLUGINS: Final = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "private_key": "PrivateKeyDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "twilio": "TwilioKeyDetector",
}
_BLOCK: Final = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:[^-]++|-(?!----END ))*+(?:-----END [A-Z ]*+-*+)?"
)
"""A private key from its first line to its last, or to the end of the text."""
_PREFIXED: Final = re.compile(
    rf"\b(?:(?:{KEY_PREFIXES})[-_.]|AIza|AKIA|ASIA)([-_A-Za-z0-9]{{16,}}+)"
)
_BEARER: Final = re.compile(r"\b(?:[Bb]earer|[Bb]asic)\s{1,3}([-\w+/=.~]{16,}+)")
_BY_CHANCE: Final = re.compile(r"\d|[A-Za-z]{20}")
"""What a key has after its prefix, and ``sk-learn-compatible-estimators`` has not."""
_RUN: Final = re.compile(r"\S{16,}+")
_REST: Final = re.compile(r"[\w+/=.-]*+")
_BEFORE: Final = 64
"""Characters before a run that may say what it is: ``aws_secret_access_key =``."""
_WINDOW: Final = 512
_STEP: Final = 256
"""Longer than what a pattern needs to see of a secret; the rest of its run belongs to it."""
_OWN_GROUP: Final = 16
"""Characters from which a pattern's group is the secret, and not the prefix by which it knows."""


def keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand, in order, none in another."""
    end = 0
    for first, last in sorted({*_by_form(text), *_by_pattern(text)}):
        if last > end:
            yield max(first, end), last
            end = last


def _by_form(text: str) -> Iterator[tuple[int, int]]:
    for match in _BLOCK.finditer(text):
        yield match.span()
    for match in _PREFIXED.finditer(text):
        if _BY_CHANCE.search(match[1]):
            yield match.span()
    for match in _BEARER.finditer(text):
        if _BY_CHANCE.search(match[1]):
            yield match.start(1), match.start(1) + len(match[1].rstrip("."))


def _by_pattern(text: str) -> Iterator[tuple[int, int]]:
    for at, window in windows(text):
        for first, last in _within(window):
            rest = _REST.match(text, at + last)
            yield at + first, rest.end() if rest and last == _WINDOW else at + last


def windows(text: str) -> Iterator[tuple[int, str]]:
    """Yield what of a text is looked at, and where it begins: all that no word makes, twice."""
    for run in _RUN.finditer(text):
        if _is_word(run[0]):
            continue
        for at in range(max(0, run.start() - _BEFORE), run.end(), _STEP):
            yield at, text[at : min(at + _WINDOW, run.end())]


def _within(window: str) -> Iterator[tuple[int, int]]:
    for pattern in _patterns():
        for match in pattern.finditer(window):
            group = next((n for n, part in enumerate(match.groups(), 1) if part), 0)
            yield match.span(group if group and len(match[group]) >= _OWN_GROUP else 0)


def _is_word(run: str) -> bool:
    """Whether a run has only letters, hyphens and marks, and no capital within a word."""
    return "://" not in run and not any(
        now.isdigit() or (now.isupper() and before.islower())
        for before, now in zip(f" {run}", run, strict=False)
    )


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    modules = (
        (import_module(f"detect_secrets.plugins.{module}"), name)
        for module, name in _PLUGINS.items()
    )
    return tuple(
        pattern for module, name in modules for pattern in getattr(module, name)().denylist
    )
