"""No text makes a real browser fetch anything, as Streamlit itself shows it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.server import free_port
from tests.ui.test_browser import ROOT, healthy, page, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["page"]

pytestmark = pytest.mark.browser

APP = """
import json, sys
from pathlib import Path
import streamlit as st
from ui import format as formatted
from ui.api.types import ApiSourceView
for number, text in enumerate(json.loads(Path(sys.argv[1]).read_text())):
    source = ApiSourceView(number=1, title=text, text=text)
    st.markdown(formatted.answer("So [1]. " + text, "s", {1: source}))
    st.markdown(formatted.answer(text, "s"))
    with st.expander(formatted.source_label(source), key=str(number)):
        st.markdown(formatted.safe(text))
st.markdown("The end.")
"""
QUIET = ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
IMAGE = "![x](https://evil.example/x.png)"
TEXTS = [
    IMAGE,
    rf"\{IMAGE} \\{IMAGE}",
    f"[{IMAGE}](https://evil.example)",
    "![x][y]\n\n[y]: https://evil.example/x.png",
    "<img src='https://evil.example/x.png'>\n\n&lt;img src='https://evil.example/x.png'>",
    f"`a\n\n{IMAGE} `b",
    f"https://evil.example/_a_~~`{IMAGE}`",
    f"www.evil.example/`{IMAGE}`",
    f"a\n    ~~~~b~~ c~~\n\n```\n~~~~\n{IMAGE}\n```",
    f"> ```\n{IMAGE}",
    f"- `a\n- {IMAGE}`",
    f"| `a | {IMAGE}` |\n|-|-|\n| `b \\| {IMAGE}` | c |",
    f'[a\\\n\\\nb](/p "{IMAGE}")',
    f'x:\u200b[a](https://evil.example/`{IMAGE}`) [b](/p "`{IMAGE}")',
    f"$`$ {IMAGE} `$`$ :red[{IMAGE}]",
    f"`a\u2028# {IMAGE}`",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("images")
    (folder / "app.py").write_text(APP)
    (folder / "texts.json").write_text(json.dumps(TEXTS))
    port = free_port()
    flags = ["--server.address", "127.0.0.1", "--server.port", str(port), *QUIET]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *flags, "--", "texts.json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder, env=env)
    try:
        wait_for(lambda: healthy(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(15)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_text_makes_the_browser_fetch_anything(page: "Page", address: str):
    from playwright.sync_api import expect

    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(address)
    expect(page.get_by_text("The end.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_test_id("stMarkdownContainer").locator("img")).to_have_count(0)
    assert not [url for url in fetched if url.startswith("http") and address not in url]
