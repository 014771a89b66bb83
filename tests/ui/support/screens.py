"""``make screens``: pictures of every page, light and dark, on a desktop and a phone.

They are of a made-up world that is really served, and are written to ``docs/screens``.
"""

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from tests.support.browser import chromium
from tests.ui.support.views import THEMES, VIEWS, WINDOWS, View, Window, opened, settled
from tests.ui.support.world import ROOT, World, world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs" / "screens"
MOST = 150_000
"""Bytes of a picture."""
_TALLEST = {"desktop": 2400, "phone": 4200}


def main(names: list[str]) -> None:
    """Take the pictures. names: of views; none: all."""
    views = [view for view in VIEWS if not names or view.name in names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        world(Path(folder) / "world", desk=True) as at,
        chromium() as browser,
    ):
        pictured(views, at, browser)


def pictured(views: "Sequence[View]", at: World, browser: "Browser") -> None:
    """Take the pictures of some views of a world: one visit for a window, in both themes."""
    for view in views:
        for window in WINDOWS:
            page = opened(browser, at, view, "light", window)
            size = page.viewport_size
            for theme in THEMES:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                settled(page)
                path = FOLDER / f"{view.name}-{theme}-{window}.png"
                path.write_bytes(small(shot(page, view, window)))
                sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes\n")
                if size:
                    page.set_viewport_size(size)
            page.close()


def shot(page: "Page", view: View, window: Window) -> bytes:
    """Return a picture of a page. Streamlit scrolls within the window, so that grows for it."""
    if view.whole:
        page.mouse.move(0, 0)
        height = page.evaluate(
            "Math.max(...[...document.querySelectorAll('[data-testid=stMain], "
            "[data-testid=stAppViewContainer]')].map(one => one.scrollHeight))"
        )
        size = page.viewport_size
        assert size is not None
        height = max(size["height"], min(_TALLEST[window], height))
        page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(700)
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
    return page.screenshot()


def small(png: bytes) -> bytes:
    """Return a picture in as many colours as fit into ``MOST`` bytes."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32, 16):
        out = BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if len(out.getvalue()) <= MOST:
            break
    return out.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
