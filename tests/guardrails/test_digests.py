"""Digests stay what they were: stored records, caches and draws hang on them."""

import hashlib

import pytest

from guardrails import digests
from guardrails.store.rounds import candidate_first


@pytest.mark.parametrize("text", ["", "abc", "Käse\0\N{SNOWMAN}", "x" * 3_000_000])
def test_a_text_its_bytes_and_its_file_have_one_digest(tmp_path, text):
    path = tmp_path / "file"
    path.write_bytes(text.encode())
    seen = []
    wanted = hashlib.sha256(text.encode()).hexdigest()
    assert digests.of(text) == digests.of(text.encode()) == wanted
    assert digests.of_file(path, seen.append) == wanted
    assert seen == sorted(seen)
    assert seen[-1:] == ([path.stat().st_size] if text else [])


def test_what_is_no_unicode_has_a_digest_too():
    assert digests.of("\ud800") == digests.of("?")


def test_names_draw_what_they_always_drew():
    wanted = hashlib.blake2b(b"1\0case", digest_size=8).digest()
    assert digests.drawn("1\0case") == int.from_bytes(wanted, "big")
    assert digests.key("abc", 12).hex() == hashlib.blake2b(b"abc", digest_size=12).hexdigest()
    shares = [digests.share(f"conversation {i}") for i in range(2000)]
    assert all(0 <= share < 1 for share in shares)
    assert sum(shares) / len(shares) == pytest.approx(0.5, abs=0.03)
    sides = [candidate_first(7, str(i)) for i in range(6)]
    assert sides == [hashlib.sha256(f"7 {i}".encode()).digest()[0] % 2 == 0 for i in range(6)]
