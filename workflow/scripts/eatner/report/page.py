"""Pages for people: a comparison of systems, the entities of a text; and a reader of sentences.

A page is one HTML file with its style, script, pictures and data, so it needs no network. Tables
and pictures show without the script, which shows the sentences, a few at a time, from JSON in the
page.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import eatner
from eatner import tables
from eatner.evaluate import compare
from eatner.indexed import Indexed
from eatner.report.plot import INK
from eatner.tables import (
    FOUND,
    STAGES,
    TYPES,
    Alignment,
    Comparison,
    Error,
    GoldEntity,
    Mention,
    Sentence,
    SentenceRow,
    Translation,
    by_sentence,
)
from eatner.text import languages

# A page that holds more opens slowly; larger texts are thinned out evenly, and the page says so.
MOST_SENTENCES = 10_000
MOST_BYTES = 16_000_000
_HERE = Path(__file__).parent
_KINDS = ("missed", "spurious")
_NUMBER_OF: dict[str, int] = {kind: number for number, kind in enumerate(TYPES)}
_PROLOG = re.compile(r"^.*?(?=<svg )|<metadata>.*?</metadata>", re.DOTALL)
_TOLD = re.compile(r"<dc:description>(.*?)</dc:description>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class System:
    """One system's files of one corpus.

    Attributes:
        name: As people know it.
        translation: The translate TSV; None for a system without English.
        tags: The tag TSV, likewise.
        aligned: The align TSV.
        errors: The errors TSV; None without gold.
    """

    name: str
    translation: Path | None
    tags: Path | None
    aligned: Path
    errors: Path | None


@dataclass(frozen=True, slots=True)
class Text:
    """One corpus and the systems that labelled it.

    Attributes:
        name: Of the corpus.
        language: Its code.
        sentences: sentences.tsv.
        gold: gold.tsv; None where there is none.
        systems: The same ones in the same order for all texts of a page.
    """

    name: str
    language: str
    sentences: Path
    gold: Path | None
    systems: Sequence[System]


def island(texts: Sequence[Text], most: int = MOST_SENTENCES, most_bytes: int = MOST_BYTES) -> str:
    """The JSON that the reader in page.js shows, safe inside a script element.

    Names stand once (`types`, `stages`, `details`, `statuses`, all else numbers), and so do
    translations and tags that systems share. A text has `name`, `language`, `direction` (ltr or
    rtl), `total`, and lists over its sentences: `ids`, `sentences`, `gold` (start, end, type),
    `translations` and `tags` (one such list each; tags are start, end, type in the English) and
    `systems`: `translation` and `tags` say which of those lists, `found` has start, end, type,
    confidence or null and the number of the tag or -1, `lost` a tag and a status, `errors` kind,
    stage, detail, start, end, type and the English. Offsets count code points.

    Args:
        texts: What to show.
        most: How many sentences a page may have; a larger text is thinned out evenly.
        most_bytes: How long the JSON may be; likewise.

    Raises:
        InputError: A table that is not as it should be.
    """
    share = 1.0
    while True:
        names = _Names()
        shown = [_text(text, most // len(texts), share, names) for text in texts]
        record = {
            "texts": shown,
            "types": TYPES,
            "stages": STAGES,
            "details": list(names.details),
            "statuses": list(names.statuses),
        }
        # `<` ends a script element, or opens a comment in it; JSON may spell it otherwise.
        found = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        found = found.replace("<", r"\u003c")
        size = len(found.encode())
        if size <= most_bytes or all(len(text["ids"]) == 1 for text in shown):
            return found
        share *= 0.95 * most_bytes / size


class _Names:
    """Numbers for the details and statuses that occur, in the order of their first use."""

    def __init__(self) -> None:
        self.details: dict[str, int] = {}
        self.statuses: dict[str, int] = {}


def _text(text: Text, most: int, share: float, names: _Names) -> dict[str, Any]:
    """The record of a text: a share of at most `most` sentences, evenly drawn, at least one."""
    every = Indexed(text.sentences, Sentence)
    ids = every.sentence_ids
    total = len(ids)
    kept = max(1, int(share * min(total, most)))
    if kept < total:
        ids = [ids[at * total // kept] for at in range(kept)]
    sentences = every.of(ids)
    gold = None
    if text.gold is not None:
        entities = _by_sentence(text.gold, GoldEntity, ids)
        gold = [[_span(row) for row in entities[i] if row.status == "scored"] for i in ids]
    translations: dict[Path | None, list[str]] = {}
    tags: dict[Path | None, list[list[list[int]]]] = {}
    for system in text.systems:
        if system.translation not in translations:
            english = _by_sentence(system.translation, Translation, ids)
            translations[system.translation] = [
                english[i][0].english if english[i] else "" for i in ids
            ]
        if system.tags not in tags:
            mentions = _by_sentence(system.tags, Mention, ids)
            tags[system.tags] = [
                [_span(row) for row in mentions[i] if row.end is not None] for i in ids
            ]
    return {
        "name": text.name,
        "language": text.language,
        "direction": "rtl" if languages.get(text.language).leftward else "ltr",
        "total": total,
        "ids": ids,
        "sentences": [row.text for row in sentences],
        "gold": gold,
        "translations": list(translations.values()),
        "tags": list(tags.values()),
        "systems": [
            {
                "translation": list(translations).index(system.translation),
                "tags": list(tags).index(system.tags),
                **_labelled(system, ids, tags[system.tags], names),
            }
            for system in text.systems
        ],
    }


def _labelled(
    system: System, ids: Sequence[str], tags: Sequence[Sequence[list[int]]], names: _Names
) -> dict[str, object]:
    """What a system found in each sentence, what it lost, and what of it is wrong."""
    aligned = _by_sentence(system.aligned, Alignment, ids)
    found: list[list[list[float | None]]] = []
    lost: list[list[list[int]]] = []
    for name, mentions in zip(ids, tags, strict=True):
        places = {(span[0], span[1]): at for at, span in enumerate(mentions)}
        found.append([])
        lost.append([])
        for row in aligned[name]:
            tag = places.get((row.english_start or 0, row.english_end or 0), -1)
            if row.status in FOUND:
                found[-1].append([*_span(row), row.confidence, tag])
            elif tag >= 0:  # else the row only says that the sentence's English names nothing
                lost[-1].append([tag, names.statuses.setdefault(row.status, len(names.statuses))])
    errors = None
    if system.errors is not None:
        rows = _by_sentence(system.errors, Error, ids)
        errors = [
            [
                [
                    _KINDS.index(row.kind),
                    STAGES.index(row.stage),
                    names.details.setdefault(row.detail, len(names.details)),
                    *_span(row),
                    row.english,
                ]
                for row in rows[name]
            ]
            for name in ids
        ]
    return {"found": found, "lost": lost, "errors": errors}


def _by_sentence(
    path: Path | None, table: type[SentenceRow], ids: Collection[str]
) -> Mapping[str, list[SentenceRow]]:
    """The rows of some sentences; none of a file that there is not."""
    wanted = set(ids)
    rows = tables.read(path, table) if path else ()
    return by_sentence(row for row in rows if row.sentence_id in wanted)


def _span(row: GoldEntity | Mention | Alignment | Error) -> list[int]:
    start, end = row.span
    return [start, end, _NUMBER_OF[row.type]]


def _page(title: str, lead: str, body: str, texts: Sequence[Text]) -> str:
    parts = {part: (_HERE / f"page.{part}").read_text(encoding="utf-8") for part in ("css", "js")}
    gold = any(text.gold for text in texts)
    return Template((_HERE / "page.html").read_text(encoding="utf-8")).substitute(
        version=eatner.__version__,
        title=escape(title),
        lead=lead,
        body=body,
        legend=_legend(gold),
        filters=_filters(texts, gold),
        style=parts["css"],
        script=parts["js"],
        data=island(texts),
    )


def _legend(gold: bool) -> str:
    marks = " ".join(f'<mark class="{t}" data-label="{t}">{word}</mark>' for t, word in _WORDS)
    wrong = (
        ' A cross ✗ stands on what is wrong: a <mark class="LOC wrong" data-label="LOC ✗">place'
        "</mark> missed in the gold, or spurious in the system's line."
        if gold
        else ""
    )
    return f'<p class="legend">{marks}{wrong}</p>'


_WORDS = (("PER", "person"), ("LOC", "place"), ("ORG", "organisation"))


def _filters(texts: Sequence[Text], gold: bool) -> str:
    show = {"": "all sentences"}
    if gold:
        show |= {"errors": "with errors", "missed": "with missed entities"}
        show |= {"spurious": "with spurious entities", "right": "with gold, all right"}
    show |= {"found": "with entities found", "none": "without entities found"}
    show |= {"lost": "with English entities lost"}
    systems = [system.name for system in texts[0].systems]
    selects = [
        _select("Corpus", "corpus", dict(enumerate(text.name for text in texts))),
        _select("System", "system", dict(enumerate(systems))),
        _select("Show", "show", show),
        _select("Error arose in", "stage", {"": "any step", **dict(enumerate(STAGES))})
        if gold
        else "",
        _select("Type", "type", {"": "any type", **dict(enumerate(TYPES))}),
        '<label>Search <input type="search" name="search" autocomplete="off"></label>',
    ]
    return "\n".join(filter(None, selects))


def _select(label: str, name: str, options: Mapping[Any, str]) -> str:
    if len(options) < 2:
        return ""
    inner = "".join(
        f'<option value="{escape(str(value))}">{escape(shown)}</option>'
        for value, shown in options.items()
    )
    return f'<label>{label} <select name="{name}">{inner}</select></label>'


def inline(svg: str) -> str:
    """A picture of `report.plot` as a part of a page: in the page's ink, told in words to all."""
    told = _TOLD.search(svg)
    label = told[1].replace('"', "&quot;") if told else ""  # XML already but for the quotes
    bare = _PROLOG.sub("", svg).replace(INK, "currentColor")
    bare = re.sub(r'<g id="[^"]*"', "<g", bare)  # names of layers, the same in every picture
    return bare.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _figure(caption: str, svg: str) -> str:
    return (
        f'<figure><div class="wide" tabindex="0" role="group" aria-label="{escape(caption)}">\n'
        f"{inline(svg)}\n</div><figcaption>{escape(caption)}</figcaption></figure>"
    )


def _table(caption: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML already; the first of a row is its heading."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heading)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(cell: compare.Cell) -> str:
    if not cell.support:
        return "–"
    value = f"<strong>{cell.f1:.1f}</strong>" if cell.best else f"{cell.f1:.1f}"
    mark = f'<abbr title="p = {cell.p:.4f}, adjusted">{cell.mark}</abbr>' if cell.mark else ""
    return f'{value}{mark} <span class="interval">{cell.low:.1f}–{cell.high:.1f}</span>'


def entities_page(text: Text) -> str:
    """The page of a text's entities as one system found them; nothing in it needs gold."""
    [system] = text.systems
    counts: dict[str, int] = defaultdict(int)
    for row in tables.read(system.aligned, Alignment):
        counts[row.type if row.status in FOUND else row.status] += 1
    found = ", ".join(f"{counts[kind]} {kind}" for kind in TYPES)
    lead = (
        f"<p>What the system {escape(system.name)} found in the text "
        f"<strong>{escape(text.name)}</strong> ({escape(text.language)}): {found}.</p>"
    )
    return _page(f"Entities of {text.name}", lead, "", [text])


def comparison_page(
    table: Sequence[Comparison],
    scores: compare.Scores,
    pictures: Mapping[str, str],
    texts: Sequence[Text],
) -> str:
    """The page of a comparison.

    Args:
        table: Rows of the long table of `compare.rows`.
        scores: Score records by corpus and system.
        pictures: SVG by caption, in order.
        texts: What the reader shows.
    """
    systems = list(next(iter(scores.values())))
    baseline = table[0].baseline
    marks = f"{compare.DAGGER} p < 0.05, {compare.DOUBLE_DAGGER} p < 0.01"
    legend = compare.LEGEND.format(marks=marks, baseline=baseline)
    lead = (
        f"<p>{len(systems)} systems on {len(scores)} "
        f"{'corpus' if len(scores) == 1 else 'corpora'}. {escape(legend)}</p>"
    )
    wide = [_wide(compare.widen(table, kind), systems) for kind in compare.KINDS]
    body = [
        '<section aria-labelledby="table"><h2 id="table">Systems and languages</h2>',
        wide[0],
        "<details><summary>By type</summary>",
        *wide[1:],
        "</details>",
        "<details><summary>What the systems are made of, and other figures</summary>",
        _components(table, systems),
        *(_other_figures(corpus, of_systems) for corpus, of_systems in scores.items()),
        "</details></section>",
        '<section aria-labelledby="pictures"><h2 id="pictures">Pictures</h2>',
        *(_figure(caption, svg) for caption, svg in pictures.items()),
        "</section>",
    ]
    return _page("Comparison of systems", lead, "\n".join(body), texts)


def _wide(wide: compare.Wide, systems: Sequence[str]) -> str:
    heading = ["System"] + [
        f'{escape(corpus)}<br><span class="aside">{support} gold</span>'
        for corpus, support in wide.columns.items()
    ]
    rows = []
    for name, cells in wide.cells.items():
        link = f'<a href="#reader" data-system="{systems.index(name)}">{escape(name)}</a>'
        row = [link, *(_cell(cells[corpus]) for corpus in wide.columns)]
        if wide.means:
            mean, best = wide.means[name]
            row.append(f"<strong>{mean:.1f}</strong>" if best else f"{mean:.1f}")
        rows.append(row)
    kind = "all types" if wide.kind == compare.ALL else wide.kind
    return _table(f"F1, {kind}", [*heading, *(["mean"] if wide.means else [])], rows)


def _components(table: Sequence[Comparison], systems: Sequence[str]) -> str:
    parts = ("translator", "tagger", "aligner")
    of = {row.system: [escape(getattr(row, part)) for part in parts] for row in table}
    return _table("Components", ["System", *parts], ([escape(name), *of[name]] for name in systems))


def _other_figures(corpus: str, systems: Mapping[str, Mapping]) -> str:
    heading = ["System", "precision", "recall", "F1", "macro F1", "overlap F1"]
    heading += ["F1 of the paper&#39;s code", "F1 on tokens", "off token boundaries", "ECE"]
    rows = []
    for name, record in systems.items():
        overall, tokens, sure = record["overall"], record["tokens"], record["calibration"]
        shares = [overall["precision"], overall["recall"], overall["f1"]]
        shares += [record[key]["f1"] for key in ("macro", "overlap", "flat")]
        off = "gold {gold_off_boundary}, predicted {predicted_off_boundary}"
        rows.append(
            [
                escape(name),
                *(f"{100 * share:.1f}" for share in shares),
                f"{100 * tokens['f1']:.1f}" if tokens else "–",
                off.format(**tokens) if tokens else "–",
                f"{sure['ece']:.3f}" if sure["n"] else "–",
            ]
        )
    return _table(f"Other figures on {corpus}, in per cent but for the last two", heading, rows)
