"""The download, against a server on loopback that misbehaves."""

from __future__ import annotations

import hashlib
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from eatner.errors import InputError
from eatner.fetch import dumps, web

BODY = random.Random(1).randbytes(300_000)
SHA1 = hashlib.sha1(BODY).hexdigest()
FAST = {"wait": 0.01}


class Server(ThreadingHTTPServer):
    """Serves BODY as `xxwiki-20260101-langlinks.sql.gz`; `plan` holds what to do wrong next."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[str] = []
        self.always = ""
        self.ranges: list[str | None] = []
        self.sums = f"{SHA1}  xxwiki-20260101-langlinks.sql.gz\n"

    @property
    def mirror(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def answer(self, code: int, body: bytes, headers=(), cut: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])

    def do_GET(self):
        server = self.server
        if self.path.endswith("sha1sums.txt"):
            fault = server.plan.pop(0) if server.plan and server.plan[0] == "sums 503" else ""
            self.answer(503 if fault else 200, server.sums.encode())
            return
        if "/20260101/" not in self.path:
            self.answer(404, b"no")
            return
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        fault = server.always or (server.plan.pop(0) if server.plan else "")
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if fault == "503":
            self.answer(503, b"busy", [("Retry-After", "0")])
        elif fault == "corrupt":
            self.answer(200, BODY[:-1] + b"?")
        elif fault == "ignore range" or not asked:
            self.answer(200, BODY, cut=70_000 if fault == "cut" else None)
        elif begin >= len(BODY):
            self.answer(416, b"", [("Content-Range", f"bytes */{len(BODY)}")])
        else:
            where = begin + 1 if fault == "wrong range" else begin
            last = len(BODY) - 1
            headers = [("Content-Range", f"bytes {where}-{last}/{len(BODY)}")]
            self.answer(206, BODY[where:], headers, cut=70_000 if fault == "cut" else None)


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server, out, **options):
    files = [(dumps.NAMES["langlinks"], out)]
    dumps.fetch_wiki(server.mirror, "xxwiki", "20260101", files, **FAST, **options)


def test_a_plain_download_and_none_when_it_is_there(server, tmp_path):
    out = tmp_path / "deep/langlinks.sql.gz"
    get(server, out)
    assert out.read_bytes() == BODY
    get(server, out)
    assert server.ranges == [None]
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize(
    "plan",
    [
        ["cut", "cut", "cut"],
        ["503", "503", "cut", "503"],
        ["cut", "ignore range"],
        ["cut", "wrong range"],
        ["sums 503", "cut"],
    ],
)
def test_breaks_are_mended(server, tmp_path, plan):
    server.plan = list(plan)
    get(server, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == BODY
    assert not server.plan


def test_it_goes_on_where_it_stopped(server, tmp_path):
    server.plan = ["cut", "cut"]
    get(server, tmp_path / "x")
    assert server.ranges == [None, "bytes=70000-", "bytes=140000-"]


def test_a_later_run_resumes(server, tmp_path):
    (tmp_path / "x.part").write_bytes(BODY[:100_000])
    get(server, tmp_path / "x")
    assert server.ranges == ["bytes=100000-"]
    (tmp_path / "y.part").write_bytes(BODY)
    get(server, tmp_path / "y")
    assert server.ranges[1:] == [f"bytes={len(BODY)}-"]
    assert (tmp_path / "y").read_bytes() == BODY


def test_a_stale_part_is_fetched_anew(server, tmp_path):
    for name, stale in (("x", b"?" * 1000), ("y", b"?" * (len(BODY) + 5))):
        (tmp_path / f"{name}.part").write_bytes(stale)
        get(server, tmp_path / name)
        assert (tmp_path / name).read_bytes() == BODY


def test_a_corrupt_file_never_gets_the_name(server, tmp_path):
    server.always = "corrupt"
    with pytest.raises(InputError, match=f"{SHA1} is expected"):
        get(server, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_corrupt_once(server, tmp_path):
    server.plan = ["corrupt"]
    get(server, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == BODY


def test_no_such_date_is_said_at_once(server, tmp_path):
    address = dumps.url(server.mirror, "xxwiki", "19990101", "langlinks.sql.gz")
    with pytest.raises(InputError, match=r"HTTP 404.*check the wiki and the date"):
        web.fetch(address, tmp_path / "x", "sha1", SHA1, **FAST)


def test_an_end_to_patience(server, tmp_path):
    server.always = "503"
    with pytest.raises(InputError, match="3 attempts failed, the last with: HTTP 503"):
        get(server, tmp_path / "x", tries=3)
    assert len(server.ranges) == 3


def test_nobody_listens(tmp_path):
    with pytest.raises(InputError, match="2 attempts failed"):
        web.fetch("http://127.0.0.1:9/x", tmp_path / "x", "sha1", SHA1, tries=2, **FAST)


def test_a_file_that_the_sums_do_not_list(server, tmp_path):
    server.sums = f"{SHA1}  another.gz\n"
    with pytest.raises(InputError, match="publishes no xxwiki-20260101-langlinks"):
        get(server, tmp_path / "x")
    server.sums = "<html>hello</html>"
    with pytest.raises(InputError, match="no list of sha1 sums"):
        get(server, tmp_path / "x")


@pytest.mark.parametrize("date", ["latest", "2026-01-01", ""])
def test_only_a_pinned_date(date):
    with pytest.raises(InputError, match="YYYYMMDD"):
        dumps.url("https://dumps.wikimedia.org", "jawiki", date, "x")
