"""The built site: complete, without anything from the network, readable on a phone."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urlsplit

import pytest
from places import ROOT

from eatner import tables
from generate import configuration
from generate import tables as tables_page

pytestmark = pytest.mark.site
SITE = ROOT / "site"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
PAGES = sorted(SITE.rglob("*.html"))
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """What a page loads, where it leads, its anchors and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if LOADS.get(tag) in given:
            self.loads.append(given[LOADS[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    assert len(PAGES) > 30
    return {path: Page(path) for path in PAGES}


def test_nothing_is_loaded_from_the_network(pages):
    for path, page in pages.items():
        if path.name != "404.html":
            assert [url for url in page.loads if urlsplit(url).netloc] == [], path
    for path in SITE.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_links_and_files_are_there(pages):
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for url in [*page.loads, *page.links]:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), (path, url)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, (path, url)


def test_every_key_column_and_status_is_on_it(pages):
    keys = pages[SITE / "reference/configuration.html"].text
    for key in configuration.keys(ROOT / "workflow/schemas/config.schema.yaml"):
        assert re.search(rf"\b{re.escape(key)}\b", keys), key
    text = pages[SITE / "reference/tables.html"].text
    for one in tables.TABLES:
        assert one.__name__ in text
        assert all(column in text for column in tables.columns(one))
    for name in tables_page.WORDS:
        assert all(word in text for word in get_args(getattr(tables, name)))


def dump(url: str, *options: str) -> str:
    """The document after its scripts have run, in a browser without a network."""
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=10000", *options]
    return subprocess.run(
        [*command, url], capture_output=True, text=True, check=True, timeout=120
    ).stdout


@in_browser
def test_the_search_works_from_a_folder():
    document = dump(f"{(SITE / 'index.html').as_uri()}?q=abstained")
    assert re.search(r"\d+ matching documents", document)
    assert "reference/tables.html" in document


@in_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(width, tmp_path):
    """Wide tables and pictures scroll in boxes of their own. Pages are measured in frames."""
    frames = "".join(
        f'<iframe src="{path.as_uri()}" style="width:{width}px;height:800px"></iframe>'
        for path in PAGES
        if path.name != "404.html"
    )
    script = """
      addEventListener("load", () => {
        for (const frame of document.querySelectorAll("iframe")) {
          const inner = frame.contentDocument.documentElement;
          document.body.append(`${frame.src} is ${inner.scrollWidth} wide; `);
        }
      });"""
    measure = tmp_path / "measure.html"
    measure.write_text(f"<body>{frames}<script>{script}</script></body>", encoding="utf-8")
    document = dump(measure.as_uri(), "--allow-file-access-from-files", "--window-size=1400,900")
    wide = {url: int(found) for url, found in re.findall(r"(file:\S+) is (\d+) wide", document)}
    assert len(wide) == len(PAGES) - 1
    assert {url: found for url, found in wide.items() if found > width} == {}
