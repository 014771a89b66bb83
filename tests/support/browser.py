"""A real Chromium, as a person's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_CHROMIUM = Path("/usr/bin/chromium")
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
)
VISITOR = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}}
"""How a page is opened: its language, and the size of the window."""


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Run it until the block ends; what a test expects may take a minute and a half.

    Without it the test is skipped, or fails where REQUIRE_CHROMIUM is 1.
    """
    if not _CHROMIUM.exists():
        if os.environ.get("REQUIRE_CHROMIUM") == "1":
            pytest.fail(f"{_CHROMIUM} is missing: apt-get install chromium")
        pytest.skip(f"{_CHROMIUM} is missing")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=90_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS.split())
        try:
            yield browser
        finally:
            browser.close()


def picture() -> bytes:
    """Return a small PNG."""
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (64, 48), "seagreen").save(made, "PNG")
    return made.getvalue()
