from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import html5lib
import pytest

from eatner import tables
from eatner.evaluate import compare as evaluate_compare
from eatner.evaluate import score
from eatner.evaluate.count import count
from eatner.evaluate.significance import compare
from eatner.report import page, plot
from eatner.tables import (
    STAGES,
    TYPES,
    Alignment,
    Error,
    GoldEntity,
    Mention,
    Sentence,
    Translation,
)

HTML = "{http://www.w3.org/1999/xhtml}"
HOSTILE = [
    ('</script><script>document.title="owned"</script>', 0, 9),
    ("<!--<script>東京", 12, 14),
    ("\"quotes\" 'and' &amp; <b>marks</b> <img src=x onerror=alert(1)>", 1, 7),
    ("\u2028東京\u2029と\u0000大阪", 1, 3),
    ("𠮷野家は👩‍👩‍👧の前", 0, 3),  # beyond 16 bits: offsets are code points
]
RIGHT_TO_LEFT = [
    (
        "ar",
        "زارت أنجيلا ميركل وباراك أوباما مدينة القاهرة في 2010",
        (5, 17, "PER"),
        (19, 31, "PER"),
    ),
    ("he", "בנימין נתניהו ביקר בירושלים", (0, 13, "PER"), (20, 27, "LOC")),
    ("fa", "حسن روحانی به تهران رفت", (0, 10, "PER"), (14, 19, "LOC")),
    ("ur", "عمران خان لاہور گئے", (0, 9, "PER"), (10, 15, "LOC")),
]


TABLE_OF = {
    "s": Sentence,
    "g": GoldEntity,
    "e": Translation,
    "t": Mention,
    "a": Alignment,
    "x": Error,
}


def make_text(folder: Path, language: str, cases: list, gold: bool = True) -> page.Text:
    """Files of a text: each case a sentence and its spans, found all but the last of each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list] = {name: [] for name in TABLE_OF}
    for at, (sentence, *spans) in enumerate(cases):
        name = f"{at:06}"
        rows["s"].append(Sentence(name, sentence))
        english = " and ".join(f"Name{place}" for place in range(len(spans))) or "Nothing."
        rows["e"].append(Translation(name, english, logprob=-1.0))
        for place, (start, end, kind) in enumerate(spans):
            named, surface = f"Name{place}", sentence[start:end]
            here = english.index(named)
            rows["g"].append(GoldEntity(name, start, end, surface, kind, kind))
            rows["t"].append(Mention(name, here, here + 5, named, kind))
            there = (name, named, here, here + 5, kind)
            if len(spans) > 1 and place == len(spans) - 1:
                rows["a"].append(Alignment(*there, None, None, "", status="abstained"))
                why = ("missed", "alignment", "nothing", "title")
                rows["x"].append(Error(name, *why, start, end, kind, surface, named))
            else:
                rows["a"].append(Alignment(*there, start, end, surface, confidence=0.875))
    for name, table in TABLE_OF.items():
        tables.write(folder / f"{name}.tsv", table, rows[name])
    files = {name: folder / f"{name}.tsv" for name in TABLE_OF}
    system = page.System("ours", files["e"], files["t"], files["a"], files["x"] if gold else None)
    right = files["g"] if gold else None
    return page.Text(folder.name, language, files["s"], right, [system])


def hostile(folder: Path, gold: bool = True) -> page.Text:
    cases = [(sentence, (start, end, "LOC")) for sentence, start, end in HOSTILE]
    return make_text(folder, "ja", cases, gold)


class Data(HTMLParser):
    """The text of the data island, as a browser's tokenizer finds it."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.found = False, ""

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.inside = dict(attributes).get("id") == "data"

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.found += data if self.inside else ""


def read_data(html: str) -> dict:
    parser = Data()
    parser.feed(html)
    return json.loads(parser.found)


def parse(html: str):
    """The document as browsers build it; strict: an error of the markup is an error."""
    return html5lib.HTMLParser(strict=True).parse(html)


def by_tag(document, tag: str) -> list:
    return list(document.iter(HTML + tag))


# --- data ---------------------------------------------------------------------------------------


def test_the_island_holds_what_the_files_say(tmp_path: Path) -> None:
    text = make_text(
        tmp_path / "ja", "ja", [("東京と大阪", (0, 2, "LOC"), (3, 5, "LOC")), ("雨だ",)]
    )
    with (tmp_path / "ja/t.tsv").open("a") as file:  # an LLM's answer that stands nowhere
        file.write("000001\t\t\tTokyo\tLOC\t\tnot_found\n")
    island = json.loads(page.island([text]))
    [found] = island["texts"]
    assert (found["name"], found["language"], found["total"]) == ("ja", "ja", 2)
    assert found["sentences"] == ["東京と大阪", "雨だ"]
    place = TYPES.index("LOC")
    assert found["gold"] == [[[0, 2, place], [3, 5, place]], []]
    assert found["translations"] == [["Name0 and Name1", "Nothing."]]
    assert found["tags"] == [[[[0, 5, place], [10, 15, place]], []]]
    [ours] = found["systems"]
    assert ours["found"] == [[[0, 2, place, 0.875, 0]], []]
    assert ours["lost"] == [[[1, island["statuses"].index("abstained")]], []]
    error = [0, STAGES.index("alignment"), island["details"].index("nothing")]
    assert ours["errors"] == [[[*error, 3, 5, place, "Name1"]], []]


def test_what_systems_share_stands_once(tmp_path: Path) -> None:
    text = make_text(tmp_path / "ja", "ja", [("東京", (0, 2, "LOC"))])
    [ours] = text.systems
    copy = tmp_path / "other.tsv"
    shutil.copy(ours.translation, copy)
    others = [
        page.System("same", ours.translation, ours.tags, ours.aligned, ours.errors),
        page.System("other", copy, ours.tags, ours.aligned, ours.errors),
        page.System("direct", None, None, ours.aligned, ours.errors),
    ]
    more = page.Text(text.name, text.language, text.sentences, text.gold, [ours, *others])
    [found] = json.loads(page.island([more]))["texts"]
    assert [system["translation"] for system in found["systems"]] == [0, 0, 1, 2]
    assert [system["tags"] for system in found["systems"]] == [0, 0, 0, 1]
    # A system without English has found its entities all the same.
    assert found["systems"][3]["found"] == [[[0, 2, TYPES.index("LOC"), 0.875, -1]]]
    assert found["translations"][2] == [""]


@pytest.mark.parametrize(("most", "most_bytes", "left"), [(10, 10**6, 10), (100, 4000, None)])
def test_a_large_text_is_thinned_out_evenly(
    tmp_path: Path, most: int, most_bytes: int, left: int | None
) -> None:
    cases = [(f"東京{at}", (0, 2, "LOC")) for at in range(60)]
    text = make_text(tmp_path / "ja", "ja", cases)
    island = page.island([text], most, most_bytes)
    assert len(island.encode()) <= most_bytes
    [found] = json.loads(island)["texts"]
    kept = [int(name) for name in found["ids"]]
    assert found["total"] == 60
    assert left is None or len(kept) == left
    assert 5 < len(kept) < 60
    steps = {b - a for a, b in pairwise(kept)}
    assert max(steps) - min(steps) <= 1
    assert found["sentences"] == [f"東京{at}" for at in kept]


# --- documents ----------------------------------------------------------------------------------


@pytest.mark.parametrize("gold", [True, False])
def test_hostile_text_is_data_and_nothing_else(tmp_path: Path, gold: bool) -> None:
    html = page.entities_page(hostile(tmp_path / "hostile", gold))
    document = parse(html)
    assert len(by_tag(document, "script")) == 2
    assert not by_tag(document, "img")
    assert len(by_tag(document, "title")) == 1
    [found] = read_data(html)["texts"]
    assert found["sentences"] == [sentence for sentence, *_ in HOSTILE]
    assert (found["gold"] is None) == (found["systems"][0]["errors"] is None) == (not gold)


def test_a_hostile_picture_caption_and_name_are_escaped() -> None:
    told = page.inline(
        '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="1pt"><metadata>'
        '<dc:description>a &lt;b&gt; "c"</dc:description></metadata><path/></svg>'
    )
    assert told.startswith('<svg role="img" aria-label="a &lt;b&gt; &quot;c&quot;" ')
    assert "metadata" not in told
    options = page._select("System", "system", {0: "<b>", 1: "x"})
    assert "&lt;b&gt;" in options


def test_a_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    html = page.entities_page(make_text(tmp_path / "he", "he", [RIGHT_TO_LEFT[1][1:]], False))
    document = parse(html)
    for node in document.iter():
        for name in ("src", "href", "srcset", "data", "action"):
            assert node.get(name, "#").startswith("#")
    assert not re.search(r"@import|url\(", html)
    assert "default-src 'none'" in html
    # No gold, no words of it.
    assert "Error arose" not in html
    assert "missed in the gold" not in html


def test_controls_and_sections_have_names(tmp_path: Path) -> None:
    document = parse(comparison(tmp_path))
    [root] = by_tag(document, "html") or [document]
    assert root.get("lang") == "en"
    ids = {node.get("id"): node for node in document.iter() if node.get("id")}
    for node in document.iter():
        if node.tag in (HTML + "select", HTML + "input"):
            parents = [label for label in by_tag(document, "label") if node in list(label.iter())]
            assert parents
            assert parents[0].text.strip()
        if node.get("aria-labelledby"):
            assert node.get("aria-labelledby") in ids
        if node.tag == HTML + "table":
            assert node[0].tag == HTML + "caption"
    assert len(by_tag(document, "h1")) == 1
    assert by_tag(document, "noscript")
    named = [node.get("id") for node in document.iter() if node.get("id")]
    assert len(named) == len(set(named))  # also among the pictures
    pictures = [node for node in document.iter() if node.get("role") == "img"]
    assert len(pictures) == 5
    assert all(len(picture.get("aria-label")) > 10 for picture in pictures)


# --- a comparison -------------------------------------------------------------------------------


def comparison(folder: Path) -> str:
    cases = {
        "ja": [("東京と大阪", (0, 2, "LOC"), (3, 5, "LOC"))] * 30,
        "ar": [RIGHT_TO_LEFT[0][1:]] * 4,
    }
    texts, scores, tests = [], {}, {}
    for language, sentences in cases.items():
        text = make_text(folder / language, language, sentences)
        [ours] = text.systems
        nothing = folder / language / "nothing.tsv"
        tables.write(nothing, Alignment, [])
        none = page.System("nothing", ours.translation, ours.tags, nothing, ours.errors)
        texts.append(page.Text(language, language, text.sentences, text.gold, [ours, none]))
        rows = {
            name: list(tables.read(path, TABLE_OF[name]))
            for name, path in (("s", text.sentences), ("g", text.gold), ("a", ours.aligned))
        }
        scores[language] = {}
        for name, found in (("ours", rows["a"]), ("nothing", [])):
            counts = count(rows["g"], found, rows["s"])
            record = score.figures(counts, seed=1, resamples=50)
            record["calibration"] = score.calibration(counts)
            stages = {kind: dict.fromkeys(STAGES, 1) for kind in ("missed", "spurious")}
            system = {"translator": "t", "tagger": "g", "aligner": name}
            about = {"corpus": language, "language": language, "system": system}
            scores[language][name] = about | record | {"errors_by_stage": stages}
        tests[language] = compare(
            rows["g"], rows["a"], {"nothing": []}, rows["s"], seed=1, resamples=500
        )
    table = list(evaluate_compare.rows(scores, tests, "ours"))
    pictures = {}
    for name, draw, what in (
        ("f1", plot.plot_systems, scores),
        ("stages", plot.plot_stages, scores),
        ("calibration", plot.plot_calibration, scores),
        ("training", plot.plot_training, {}),
        ("time", plot.plot_times, {"translate: t": 90.0}),
    ):
        draw(what, folder / f"{name}.svg")
        pictures[f"The {name}"] = (folder / f"{name}.svg").read_text(encoding="utf-8")
    return page.comparison_page(table, scores, pictures, texts)


def test_the_comparison_shows_what_was_reached(tmp_path: Path) -> None:
    html = comparison(tmp_path)
    document = parse(html)
    first = by_tag(document, "table")[0]
    rows = [["".join(cell.itertext()) for cell in row] for row in first.iter(HTML + "tr")]
    assert rows[0] == ["System", "ja60 gold", "ar8 gold", "mean"]
    assert rows[1][0] == "ours"
    assert rows[1][1].startswith("66.7 ")
    assert rows[2][1].startswith("0.0‡ ")
    assert rows[1][3] == "66.7"
    bold = ["".join(node.itertext()) for node in first.iter(HTML + "strong")]
    assert bold == ["66.7"] * 3
    data = read_data(html)
    assert [text["language"] for text in data["texts"]] == ["ja", "ar"]
    assert [len(text["systems"]) for text in data["texts"]] == [2, 2]


# --- in a browser -------------------------------------------------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


def browse(html: str, folder: Path, script: str = "") -> str:
    """The document after its scripts, and one of ours, have run."""
    path = folder / "page.html"
    path.write_text(html.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@in_browser
def test_the_reader_marks_entities_and_shows_hostile_text_as_text(tmp_path: Path) -> None:
    html = browse(page.entities_page(hostile(tmp_path / "hostile")), tmp_path)
    document = html5lib.parse(html)
    assert "owned" not in by_tag(document, "title")[0].text
    assert not by_tag(document, "img")
    shown = [
        "".join(node.itertext()) for node in by_tag(document, "dd") if node.get("lang") == "ja"
    ]
    # A parser turns U+0000 into nothing; every sentence stands there as gold and as found.
    for sentence, start, end in HOSTILE:
        assert sum(text == sentence.replace("\0", "") for text in shown) in (0, 2), sentence
        marks = ["".join(mark.itertext()) for mark in by_tag(document, "mark")]
        assert sentence[start:end].replace("\0", "") in marks
    assert len(by_tag(document, "li")) >= len(HOSTILE)


@in_browser
def test_filters_search_and_links(tmp_path: Path) -> None:
    script = """
      const form = document.getElementById("filters"), said = [];
      const set = (name, value) => {
        form.elements[name].value = value;
        form.dispatchEvent(new Event("input"));
        said.push(document.getElementById("count").textContent);
      };
      set("show", "missed"); set("show", "spurious"); set("show", ""); set("stage", "2");
      set("stage", "0"); set("stage", ""); set("type", "0"); set("type", "1"); set("type", "");
      set("search", "000011"); set("search", "NAME1"); set("search", "大阪"); set("search", "名");
      set("search", ""); set("corpus", "1");
      document.querySelectorAll("a[data-system]")[1].click();
      said.push(form.elements.system.value);
      document.body.textContent = JSON.stringify(said);
    """
    html = browse(comparison(tmp_path), tmp_path, script)
    said = json.loads("".join(by_tag(html5lib.parse(html), "body")[0].itertext()))
    counts = [int(text.split()[0]) for text in said]
    assert counts[:9] == [30, 0, 30, 30, 0, 30, 0, 30, 30]
    assert counts[9:] == [1, 30, 30, 0, 30, 4, 1]


@in_browser
def test_ten_thousand_sentences_open_in_two_seconds_and_stay_under_20_mb(tmp_path: Path) -> None:
    cases = [
        (
            f"東京とニューヨークで開かれた会議は取り消しを決定している。{at}",
            (0, 2, "LOC"),
            (3, 9, "LOC"),
        )
        for at in range(10_000)
    ]
    html = page.entities_page(make_text(tmp_path / "ja", "ja", cases))
    assert len(html.encode()) < 20_000_000
    started = time.monotonic()
    shown = browse(html, tmp_path)
    assert int(re.search(r'data-ready="(\d+)"', shown)[1]) < 2000
    assert "10000 of 10000 sentences" in shown
    assert time.monotonic() - started < 30
