"""Pictures of the worked sentence, drawn from the rows that a run of the default wrote for it.

The rows are in `example/`, in the tables' own format. Colours and fonts come from the site's style
sheet, so that a picture can be read in its light and its dark scheme.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from eatner import tables
from eatner.tables import Alignment, Mention, Sentence, Span, Translation
from generate.markdown import cell, table

EXAMPLE = Path(__file__).parent / "example"
_SIZE = 17.0  # of the text, in units of the picture
_WIDE, _NARROW = _SIZE, 0.6 * _SIZE  # a Japanese character; one of a typewriter's Latin letters
_LEFT = 12.0
_LINE = 96.0


def draw(name: str, text: str) -> str:
    """Draw a picture as SVG within HTML.

    Args:
        name: `sentence`, the way of the sentence, or `candidates`, what the aligner chose from.
        text: What the picture shows, for people who cannot see it.

    Raises:
        KeyError: There is no picture of this name.
    """
    width, height, marks = {"sentence": _sentence, "candidates": _candidates}[name]()
    return (
        f'<div class="picture" tabindex="0"><svg viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="min-width: {0.8 * width:.0f}px; max-width: {width:.0f}px" role="img" '
        f'aria-label="{escape(text)}">{"".join(marks)}</svg></div>'
    )


def rows(name: str, columns: Sequence[str]) -> str:
    """Columns of the rows of a table of the worked sentence, in Markdown.

    Args:
        name: The name of the table's file, without `.tsv`.
        columns: The columns to show.

    Raises:
        KeyError: The table has no such column.
    """
    with (EXAMPLE / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return table(columns, ([escape(cell(row[column])) for column in columns] for row in found))


def _sentence() -> tuple[float, float, list[str]]:
    """The sentence, its English with the tagger's entities, and the sentence with their phrases."""
    [sentence] = tables.read(EXAMPLE / "sentences.tsv", Sentence)
    [english] = tables.read(EXAMPLE / "translate.tsv", Translation)
    mentions = list(tables.read(EXAMPLE / "tag.tsv", Mention))
    rows = list(tables.read(EXAMPLE / "align.tsv", Alignment))
    found = [row for row in rows if row.status in tables.FOUND]
    hints = [
        (start, start + len(surface))
        for surface, _ in english.hints
        for start in [sentence.text.index(surface)]
    ]
    types = {row.span: row.type for row in found}
    lost = {(row.english_start, row.english_end) for row in rows if row not in found}
    marks = [
        *_text(sentence.text, _WIDE, 0, "the sentence, hints underlined"),
        *(_under(span, _WIDE, 0) for span in hints),
        *_text(english.english, _NARROW, 1, "1 translated by the LLM, 2 tagged in English"),
        *(
            mark
            for one in mentions
            for mark in _box(one.span, _NARROW, 1, one.type, lost=one.span in lost)
        ),
        *_text(sentence.text, _WIDE, 2, "3 aligned, with confidences"),
        *(mark for span, kind in types.items() for mark in _box(span, _WIDE, 2, kind)),
    ]
    for row in found:
        start = _middle((row.english_start or 0, row.english_end or 0), _NARROW)
        end = _middle(row.span, _WIDE)
        top, bottom = _base(1) + 27, _base(2) - 25
        marks.append(
            f'<path class="link" d="M{start:.1f} {top} C{start:.1f} {top + 22} {end:.1f} '
            f'{bottom - 22} {end:.1f} {bottom}"/>'
        )
        marks.append(
            f'<text class="note" x="{end:.1f}" y="{_base(2) + 40}" text-anchor="middle">'
            f"{row.confidence}</text>"
        )
    width = max(len(english.english) * _NARROW, len(sentence.text) * _WIDE) + 2 * _LEFT
    return width, _base(2) + 52, marks


def _candidates() -> tuple[float, float, list[str]]:
    """The probability of each candidate of each entity, and what is left for no answer."""
    width, bar, gap = 620.0, 22.0, 30.0
    marks, at = [], 24.0
    for row in tables.read(EXAMPLE / "align.tsv", Alignment):
        marks.append(f'<text class="name" x="{_LEFT}" y="{at}">{escape(row.english)}</text>')
        shares = [*row.candidates, ("no answer, or another phrase", _rest(row.candidates))]
        for phrase, share in shares:
            at += bar
            is_best = share == max(one for _, one in shares)
            marks.append(
                f'<rect class="bar{" best" if is_best else ""}" x="230" y="{at - 13:.0f}" '
                f'width="{max(1.0, 300 * share):.1f}" height="14" rx="2"/>'
                f'<text class="small" x="222" y="{at}" text-anchor="end">{escape(phrase)}</text>'
                f'<text class="small" x="{238 + 300 * share:.1f}" y="{at}">{share:.3f}</text>'
            )
        at += gap
    return width, at - 8, marks


def _rest(candidates: Iterable[tuple[str, float]]) -> float:
    return max(0.0, 1 - sum(share for _, share in candidates))


def _base(line: int) -> float:
    """The height of the base of a line of text."""
    return 32 + line * _LINE


def _middle(span: Span, unit: float) -> float:
    return _LEFT + unit * (span[0] + span[1]) / 2


def _text(text: str, unit: float, line: int, note: str) -> list[str]:
    """A line of text and what it is: beside a short line, above a long one."""
    width, wide = len(text) * unit, "wide" if unit == _WIDE else "narrow"
    note_at, note_base = _LEFT + width + 16, _base(line)
    if unit == _NARROW:
        note_at, note_base = _LEFT, _base(line) - 32
    return [
        f'<text class="note" x="{note_at:.1f}" y="{note_base}">{escape(note)}</text>',
        f'<text class="{wide}" x="{_LEFT}" y="{_base(line)}" textLength="{width:.1f}" '
        f'font-size="{_SIZE}">{escape(text)}</text>',
    ]


def _under(span: Span, unit: float, line: int) -> str:
    start, end = _LEFT + unit * span[0], _LEFT + unit * span[1]
    y = _base(line) + 7
    return f'<path class="hint" d="M{start + 1:.1f} {y} H{end - 1:.1f}"/>'


def _box(span: Span, unit: float, line: int, kind: str, lost: bool = False) -> list[str]:
    """A box around a span with its type below; dashed if nothing came of it."""
    width = unit * (span[1] - span[0])
    x, y = _LEFT + unit * span[0], _base(line)
    said, middle = (f"{kind}: no phrase" if lost else kind), x + width / 2
    return [
        f'<rect class="entity{" lost" if lost else ""}" x="{x - 2:.1f}" y="{y - _SIZE:.1f}" '
        f'width="{width + 4:.1f}" height="{_SIZE + 7:.1f}" rx="3"/>',
        f'<text class="type" x="{middle:.1f}" y="{y + 22}" text-anchor="middle">{said}</text>',
    ]
