"""One file from the web; test_dumps.py has the breaks that are mended."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import fetch_file
from eatner.errors import InputError
from eatner.fetch import web

BODY = "1\tソニー\tB-ORG\t-\t-\n".encode()
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a server of one file."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served/ja.iob2").write_bytes(BODY)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/ja.iob2"
        server.shutdown()


def test_a_file_is_there_when_its_sum_is_right(address: str, tmp_path: Path) -> None:
    out = tmp_path / "deep/ja.iob2"
    fetch_file.main(address, SHA256.upper(), out)
    assert out.read_bytes() == BODY
    assert list(out.parent.iterdir()) == [out]


def test_another_version_of_a_file_is_refused(address: str, tmp_path: Path) -> None:
    out = tmp_path / "deep/ja.iob2"
    with pytest.raises(InputError, match=f"its sha256 is {SHA256}, but {'0' * 64} is expected"):
        fetch_file.main(address, "0" * 64, out)
    assert list(out.parent.iterdir()) == []


def test_a_file_that_is_not_there_is_said_at_once(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"HTTP 404.*Check the address"):
        web.fetch(address + "x", tmp_path / "x", "sha256", SHA256, wait=0.01)


def test_a_text_is_fetched(address: str) -> None:
    assert web.fetch_text(address).encode() == BODY
