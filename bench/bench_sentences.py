"""Measure our sentence splitter beside other libraries, and write a page of figures.

    python bench/bench_sentences.py --out docs/benchmarks/sentences.md

`bench/requirements.txt` lists the rivals, docs/benchmarks/data.md the data. Sentences that people
have separated are joined to paragraphs of five and split again. Only boundaries inside paragraphs
count.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from eatner.corpora import formats
from eatner.text import languages, sentences

DATA = ROOT.parent / "shared/data"
PARAGRAPH = 5
ENOUGH = 2000
NEWS = {
    "ar": "ref.arb", "de": "ref.deu", "en": "src.eng", "hi": "ref.hin", "ja": "ref.jpn",
    "ka": "ref.kat", "ko": "ref.kor", "ru": "ref.rus", "zh": "ref.zho-CN",
}  # fmt: skip
GOLD = {
    ("en", "UNER PUD"): "uner/English-PUD/en_pud-ud-test.iob2",
    ("ru", "UNER PUD"): "uner/Russian-PUD/ru_pud-ud-test.iob2",
    ("zh", "UNER GSD"): "uner/Chinese-GSD/zh_gsd-ud-dev.iob2",
    ("ja", "UD GSD"): "ja_ud_gsd/dev.bio",
    ("am", "MasakhaNER"): "masakhaner/amh/dev.txt",
    ("hi", "HiNER"): "dev/hi_hiner.iob2",
    ("ko", "KLUE"): "dev/ko_klue.iob2",
}
# Texts of two sentences, written for this project. They have marks that the best-known language of
# the script lacks, or full stops that end no sentence.
WRITTEN = {
    "mr": ["मुंबई हे शहर आहे.", "पुणे जवळ आहे."],
    "kok": ["पणजी गोंयची राजधानी.", "तें शार ल्हान आसा."],
    "hi": ["डॉ. आंबेडकर दिल्ली गए.", "वे मंत्री थे."],
    "bn": ["ড. ইউনূস ঢাকায় গেলেন.", "তিনি অধ্যাপক।"],
    "pnb": ["لہور پنجاب دا شہر اے۔", "ایہ وڈا اے۔"],
    "skr": ["ملتان ہک شہر ہے۔", "ایہ پراݨا ہے۔"],
    "ks": ["سرینگر چھُ اکھ شہر۔", "یہِ چھُ بوٚڈ۔"],
    "sat": ["ᱨᱟᱺᱪᱤ ᱫᱚ ᱢᱤᱫ ᱥᱚᱦᱚᱨ ᱠᱟᱱᱟ᱾", "ᱱᱚᱶᱟ ᱫᱚ ᱢᱟᱨᱟᱝ ᱜᱮᱭᱟ᱾"],
    "mni": ["ꯏꯝꯐꯥꯜ ꯑꯁꯤ ꯁꯍꯔꯅꯤ꯫", "ꯃꯁꯤ ꯆꯥꯎꯏ꯫"],
    "my": ["ရန်ကုန်သည်မြို့ကြီးဖြစ်သည်။", "မိုးရွာသည်။"],
    "bo": ["ལྷ་ས་ནི་གྲོང་ཁྱེར་ཞིག་རེད།", "དེ་ཆེན་པོ་རེད།"],
    "am": ["በርሊን ዋና ከተማ ነው፡፡", "ትልቅ ናት፡፡"],
    "nqo": ["ߓߡߊ߬ߞߐ߫ ߦߋ߫ ߛߏ߫ ߟߋ߬ ߘߌ߫.", "ߊ߬ ߓߏ߲߬ߓߊ߫ ߟߋ߬߹"],
    "hyw": ["Երեւանը մայրաքաղաք է։", "Մեծ է։"],
}
Splitter = Callable[[str, str], list[int]]


def ours(text: str, code: str) -> list[int]:
    return [end for _, end in sentences.split(text, languages.get(code))]


def by_pieces(pieces: Iterable[str], text: str) -> list[int]:
    """Return the ends of the pieces of a text, without the space after each piece."""
    ends, begin = [], 0
    for piece in pieces:
        start = text.find(piece.strip(), begin)
        if start < 0:
            raise ValueError(f"{piece!r} is not in the text")
        begin = start + len(piece.strip())
        ends.append(begin)
    return ends


def pysbd(text: str, code: str) -> list[int]:
    import pysbd

    if code not in pysbd.languages.LANGUAGE_CODES:
        raise KeyError(code)
    return by_pieces(pysbd.Segmenter(language=code, clean=False).segment(text), text)


def sentencex(text: str, code: str) -> list[int]:
    import sentencex

    return by_pieces(sentencex.segment(code, text), text)


def syntok(text: str, code: str) -> list[int]:
    from syntok import segmenter

    if code not in ("de", "en", "es"):
        raise KeyError(code)
    tokens = [piece for line in segmenter.process(text) for piece in line]
    return [piece[-1].offset + len(piece[-1].value) for piece in tokens]


def icu(text: str, code: str) -> list[int]:
    import icu

    breaks = icu.BreakIterator.createSentenceInstance(icu.Locale(code))
    # ICU counts UTF-16 units.
    units = list(accumulate((1 + (char > "\uffff") for char in text), initial=0))
    offset_of = {unit: offset for offset, unit in enumerate(units)}
    breaks.setText(text)
    return [len(text[: offset_of[unit]].rstrip()) for unit in breaks]


RIVALS: dict[str, Splitter] = {
    "eatner": ours, "sentencex": sentencex, "pysbd": pysbd, "syntok": syntok, "ICU": icu,
}  # fmt: skip


def paragraphs(lines: Sequence[str], code: str) -> list[tuple[str, set[int]]]:
    """Return paragraphs of joined sentences, with the ends of all sentences but the last."""
    joint = " " if languages.get(code).spaces else ""
    texts = []
    for first in range(0, len(lines), PARAGRAPH):
        joined = lines[first : first + PARAGRAPH]
        ends = accumulate(len(line) + len(joint) for line in joined[:-1])
        texts.append((joint.join(joined), {end - len(joint) for end in ends}))
    return texts


def corpora() -> Iterable[tuple[str, str, list[str]]]:
    for code, name in NEWS.items():
        path = DATA / f"ntrex128/newstest2019-{name}.txt"
        lines = path.read_text(encoding="utf-8-sig").splitlines()[:ENOUGH]
        yield code, "NTREX-128", [" ".join(line.split()) for line in lines if line.strip()]
    for (code, name), file in GOLD.items():
        spaces = languages.get(code).spaces
        rows = list(formats.read(DATA / file, language_spaces=spaces))[:ENOUGH]
        yield code, name, [" ".join(row.text.split()) for row in rows if row.text.strip()]


def measure(
    split: Splitter, texts: Sequence[tuple[str, set[int]]], code: str
) -> tuple[float, float]:
    """Return the F1 of the boundaries inside paragraphs, and the sentences a second."""
    right = wrong = missed = 0
    split(texts[0][0], code)  # loads what is loaded only once
    began = time.perf_counter()
    ends = [split(text, code) for text, _ in texts]
    seconds = time.perf_counter() - began
    for (text, gold), found in zip(texts, ends, strict=True):
        inside = set(found) - {len(text)}
        right += len(inside & gold)
        wrong += len(inside - gold)
        missed += len(gold - inside)
    count = sum(len(gold) + 1 for _, gold in texts)
    return 2 * right / (2 * right + wrong + missed), count / seconds


def is_right(split: Splitter, code: str) -> bool:
    text, gold = paragraphs(WRITTEN[code], code)[0]
    return set(split(text, code)) == gold | {len(text)}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def attempt(function: Callable[..., object], *args: object) -> object | None:
    """Return the value of a function; None if a rival lacks the language."""
    try:
        return function(*args)
    except KeyError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    rows, speeds = [], {name: [] for name in RIVALS}
    for code, name, lines in corpora():
        texts = paragraphs(lines, code)
        row = [code, name, str(len(lines))]
        for rival, split in RIVALS.items():
            measured = attempt(measure, split, texts, code)
            row.append(f"{100 * measured[0]:.1f}" if measured else "")
            speeds[rival] += [measured[1]] if measured else []
        rows.append(row)
    fast = ["", "sentences a second, the slowest", ""]
    fast += [f"{min(speeds[rival]):,.0f}" for rival in RIVALS]
    written = [
        [code, *("yes" if attempt(is_right, split, code) else "" for split in RIVALS.values())]
        for code in WRITTEN
    ]
    prose = Path(__file__).with_name("sentences.md").read_text(encoding="utf-8")
    page = prose.format(
        date=date.today().isoformat(),
        figures=table(["language", "text", "sentences", *RIVALS], [*rows, fast]),
        written=table(["language", *RIVALS], written),
    )
    out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
