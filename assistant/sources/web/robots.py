"""What a site asks of those who read it by themselves: its robots.txt, once for each place."""

from typing import Final

import httpx
from ada_url import URL
from protego import Protego

from assistant.sources.web.fetch import ROBOT, Allowed, Fetcher, NotFetched

_MOST_BYTES: Final = 500_000
_LONGEST_DELAY_S: Final = 30.0


class Robots:
    """The rules of all places that a refresh comes to. within_s: for each file of rules."""

    def __init__(self, fetcher: Fetcher, allowed: Allowed, within_s: float) -> None:
        self._fetcher = fetcher
        self._allowed = allowed
        self._within_s = within_s
        self._rules: dict[str, Protego | NotFetched] = {}

    def may(self, url: str) -> bool:
        """Return whether an address may be fetched.

        Raises:
            NotFetched: nobody can say, as the rules cannot be had now.
        """
        return bool(self._of(url).can_fetch(url, ROBOT))

    def delay_s(self, url: str) -> float:
        """Return how many seconds the place asks for between two fetches, at most 30."""
        return min(float(self._of(url).crawl_delay(ROBOT) or 0.0), _LONGEST_DELAY_S)

    def _of(self, url: str) -> Protego:
        place = str(URL(url).origin)
        if place not in self._rules:
            self._rules[place] = self._read(place)
        rules = self._rules[place]
        if isinstance(rules, NotFetched):
            raise rules
        return rules

    def _read(self, place: str) -> Protego | NotFetched:
        """Return the rules; where a place has none, it allows everything (RFC 9309)."""
        try:
            got = self._fetcher.get(
                f"{place}/robots.txt",
                self._allowed,
                most_bytes=_MOST_BYTES,
                within_s=self._within_s,
            )
        except NotFetched as error:
            if (
                httpx.codes.is_client_error(error.status)
                and error.status != httpx.codes.TOO_MANY_REQUESTS
            ):
                return Protego.parse("")
            return NotFetched(f"its robots.txt cannot be had: {error.why}", error.status)
        return Protego.parse(got.body.decode("utf-8", errors="replace"))
