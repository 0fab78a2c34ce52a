"""Corrupt valid corpora at random and see that nothing is misread in silence.

A file in one of the formats that the project reads or writes gets one corruption: a column dropped,
a tag misspelt, a key renamed, a line end changed. What is read must be the same gold as before, an
error, or come with a warning. As a command: `python tests/corpora/corruptions.py --number 20000`.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eatner.corpora import formats
from eatner.corpora.summary import Summary
from eatner.errors import InputError
from eatner.tables import EntityType

TYPES: dict[str, EntityType | None] = {"PER": "PER", "LOC": "LOC", "ORG": "ORG"}
WORDS = [
    "kam",
    "nach",
    "und",
    "die",
    "Stadt",
    "im",
    "Jahr",
    "wurde",
    "von",
    "gegründet",
    "a",
    "lived",
    "in",
    "the",
    "city",
    "since",
    "ходит",
    "по",
    "городу",
    "была",
    "там",
    "كان",
    "في",
    "المدينة",
    "ist",
    "sehr",
    "schön",
    ",",
    ";",
    "1984",
    "3,5",
    "%",
    "U-Bahn",
    "’s",
    "don't",
    "naïve",
    "est",
    "allée",
    "à",
]
NAMES = {
    "PER": ["Anna", "Anna Magnani", "Иван Петров", "محمد", "Jean d’Arc"],
    "LOC": ["Rom", "New York", "Москва", "القاهرة", "Bad Homburg v. d. H."],
    "ORG": ["Siemens", "FC Bayern", "ООО", "Banco Central del Ecuador"],
}
ENDS = [b"\r", b"\r\n", b"\r\r\n", "\u2028".encode(), b"\x0b", b"\x0c", "\x85".encode(), b""]

Sentence = list[tuple[str, str]]  # words and their IOB2 tags
Gold = list[tuple[str, tuple[tuple[int, int, str], ...]]]


def sentence(rng: random.Random) -> Sentence:
    words: Sentence = []
    for _ in range(rng.randint(1, 5)):
        words += [(word, "O") for word in rng.sample(WORDS, rng.randint(1, 4))]
        if rng.random() < 0.6:
            kind = rng.choice(sorted(NAMES))
            parts = rng.choice(NAMES[kind]).split()
            words += [(w, f"{'I' if at else 'B'}-{kind}") for at, w in enumerate(parts)]
    return [*words, (".", "O")]


def corpus(rng: random.Random) -> list[Sentence]:
    sentences = [sentence(rng) for _ in range(rng.randint(4, 12))]
    # Some entity there is, and some word outside.
    return [*sentences, [("Anna", "B-PER"), ("schläft", "O"), (".", "O")]]


def ended(tags: Sequence[str], last: str, single: str) -> list[str]:
    """BIOES or BILOU from IOB2."""
    after = [*tags[1:], "O"]
    ends = [tag != "O" and follower[:1] != "I" for tag, follower in zip(tags, after, strict=True)]
    change = {"B": single, "I": last}
    return [change[t[0]] + t[1:] if end else t for t, end in zip(tags, ends, strict=True)]


def in_brackets(tags: Sequence[str]) -> list[str]:
    after = [*tags[1:], "O"]
    return [
        f"({tag[2:]}" * (tag[0] == "B")
        + ("*" if tag[0] != "B" or follower[:1] == "I" else "")
        + ")" * (tag != "O" and follower[:1] != "I")
        for tag, follower in zip(tags, after, strict=True)
    ]


def rows(
    sentences: list[Sentence], row: Callable[[int, int, str, str], str], head: str = ""
) -> str:
    """A row for each token: of the sentence's number, the token's, its word and its tag."""
    blocks = (
        "".join(f"{row(s, t, word, tag)}\n" for t, (word, tag) in enumerate(words, 1))
        for s, words in enumerate(sentences, 1)
    )
    return head + "\n".join(blocks)


def spelt(
    sentences: list[Sentence], spell: Callable[[Sequence[str]], Sequence[str]]
) -> list[Sentence]:
    return [
        list(zip((w for w, _ in words), spell([t for _, t in words]), strict=True))
        for words in sentences
    ]


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if re.search('[,;"]', value) else value


def misc(sentences: list[Sentence], key: str, every: bool) -> str:
    parts = []
    for number, words in enumerate(sentences, 1):
        parts.append(f"# sent_id = s{number}\n# text = {' '.join(w for w, _ in words)}\n")
        for at, (word, tag) in enumerate(words, 1):
            value = f"{key}={tag}" if every or tag != "O" else "_"
            parts.append("\t".join([str(at), word, *"_______", value]) + "\n")
        parts.append("\n")
    return "".join(parts)


def spans_of(words: Sentence) -> tuple[str, list[dict[str, object]]]:
    text, spans = "", []
    for word, tag in words:
        text += " " * bool(text)
        if tag[0] == "B":
            spans.append({"start": len(text), "end": 0, "label": tag[2:]})
        text += word
        if tag != "O":
            spans[-1]["end"] = len(text)
    return text, spans


def records(sentences: list[Sentence], record: Callable[[Sentence], dict[str, object]]) -> str:
    return "".join(json.dumps(record(words), ensure_ascii=False) + "\n" for words in sentences)


def with_spans(words: Sentence) -> dict[str, object]:
    text, spans = spans_of(words)
    return {"text": text, "spans": spans}


def as_written(words: Sentence) -> dict[str, object]:
    """A line of the project's own entities.jsonl."""
    text, spans = spans_of(words)
    full = [
        {
            "start": s["start"],
            "end": s["end"],
            "type": s["label"],
            "surface": text[s["start"] : s["end"]],
            "english": "x",
            "confidence": 0.5,
        }
        for s in spans
    ]
    return {"sentence_id": text[:20] + str(len(text)), "text": text, "spans": full}


def with_tags(words: Sentence) -> dict[str, object]:
    return {"tokens": [w for w, _ in words], "ner_tags": [t for _, t in words]}


def our_conll(sentences: list[Sentence]) -> str:
    """The project's own entities.conll."""
    return "".join(
        f"# sent_id = {number}\n# text = {' '.join(w for w, _ in words)}\n"
        + "".join(f"{word}\t{tag}\n" for word, tag in words)
        + "\n"
        for number, words in enumerate(sentences, 1)
    )


def hipe(sentences: list[Sentence], head: bool) -> str:
    names = ["TOKEN", "NE-COARSE-LIT", "NE-COARSE-METO", "NE-FINE-LIT", "NEL-LIT", "MISC"]
    lines = ["\t".join(names)] * head + ["# hipe2022:document_id = d-1"]
    for words in sentences:
        for at, (word, tag) in enumerate(words, 1):
            end = "EndOfSentence" if at == len(words) else "_"
            lines.append("\t".join([word, tag, "O", tag, "_", end]))
    return "\n".join(lines) + "\n"


def gmb(sentences: list[Sentence]) -> str:
    lines = ["Sentence #,Word,POS,Tag"]
    for number, words in enumerate(sentences, 1):
        for at, (word, tag) in enumerate(words):
            lines.append(f"{'' if at else f'Sentence: {number}'},{quoted(word)},NN,{tag}")
    return "\n".join(lines) + "\n"


def ontonotes(sentences: list[Sentence]) -> str:
    def row(s: int, t: int, word: str, tag: str) -> str:
        return f"bc/x_1  0  {t - 1}  {word}  NN  (X*)  -  -  -  spk  {tag}  {'* ' * (s % 3)} -"

    head, tail = "#begin document (bc/x_1); part 000\n", "\n#end document\n"
    return rows(spelt(sentences, in_brackets), row, head) + tail


def mecab(sentences: list[Sentence]) -> str:
    def row(s: int, t: int, word: str, tag: str) -> str:
        features = ["NN", "*", "*", "x"] + ["reading", "sound"] * (len(word) % 3 > 0)
        return "\t".join([word, *features, tag])

    return rows(sentences, row)


def pipes(sentences: list[Sentence]) -> str:
    return "".join(" ".join(f"{w}|NN|{t}" for w, t in words) + "\n" for words in sentences)


def bioes(tags: Sequence[str]) -> list[str]:
    return ended(tags, "E", "S")


def naver(tags: Sequence[str]) -> list[str]:
    return ["-" if tag == "O" else f"{tag[2:]}_{tag[0]}" for tag in tags]


VALID: dict[str, Callable[[list[Sentence]], str]] = {
    "two columns": lambda c: rows(c, lambda s, t, w, g: f"{w}\t{g}"),
    "spaces": lambda c: rows(c, lambda s, t, w, g: f"{w} {g}"),
    "CoNLL-2003": lambda c: rows(
        c, lambda s, t, w, g: f"{w} NNP B-NP {g}", "-DOCSTART- -X- -X- O\n\n"
    ),
    "CSV": lambda c: rows(c, lambda s, t, w, g: f"{quoted(w)},{g}", "token,ner_tag\n"),
    "semicolons": lambda c: rows(c, lambda s, t, w, g: f"{quoted(w)};NN;{g}", "Token;POS;NER\n"),
    "sentence numbers": lambda c: rows(
        c, lambda s, t, w, g: f"{s},{quoted(w)},{g}", "sentence_id,word,tag\n"
    ).replace("\n\n", "\n"),
    "numbers": lambda c: rows(c, lambda s, t, w, g: f"{t}\t{w}\t{g}"),
    "UNER": lambda c: rows(c, lambda s, t, w, g: f"{t}\t{w}\t{g}\t-\t-"),
    "BIOES": lambda c: rows(spelt(c, bioes), lambda s, t, w, g: f"{w}\t{g}"),
    "BILOU": lambda c: rows(
        spelt(c, lambda tags: ended(tags, "L", "U")), lambda s, t, w, g: f"{t} {w} {g}"
    ),
    "Naver": lambda c: rows(spelt(c, naver), lambda s, t, w, g: f"{t}\t{w}\t{g}"),
    "lower case": lambda c: rows(
        spelt(c, lambda tags: [t.replace("O", "o") if t == "O" else t for t in tags]),
        lambda s, t, w, g: f"{w}\t{g}",
    ),
    "WikiANN": lambda c: rows(c, lambda s, t, w, g: f"de:{w}\t{g}"),
    "NE=": lambda c: misc(c, "NE", every=False),
    "NorNE": lambda c: misc(c, "name", every=True),
    "Nerus": lambda c: misc(c, "Tag", every=True),
    "HIPE": lambda c: hipe(c, head=True),
    "HIPE without its heading": lambda c: hipe(c, head=False),
    "GMB": gmb,
    "CoNLL-2012": ontonotes,
    "MeCab": mecab,
    "word|POS|tag": pipes,
    "entities.conll": our_conll,
    "entities.jsonl": lambda c: records(c, as_written),
    "JSON spans": lambda c: records(c, with_spans),
    "JSON tags": lambda c: records(c, with_tags),
}
A_TAG = re.compile(
    r"(?<![\w-])(?:[BIESLU]-(?:PER|LOC|ORG)|(?:PER|LOC|ORG)_[BI]|[Oo](?=[\s\"|,]|$)|\((?:PER|LOC|ORG)\*?\)?|\*\)?)"
)
A_KEY = re.compile(
    r'"(\w+)":|(?:^|\||\t)(\w+)=|^# (\w+) =|\A(Token|token|TOKEN|sentence_id|Sentence #)(?=[,;\t])|'
    r"(?<=,)(ner_tag|Tag|word|Word|tag)(?=[,\n])|(?<=;)(NER)(?=\n)|(?<=\t)(NE-COARSE-LIT|MISC)\b",
    re.MULTILINE,
)


def mutate(word: str, rng: random.Random) -> str:
    """A typing error: a character dropped, doubled, swapped with the next, or in another case."""
    at = rng.randrange(len(word))
    kinds = [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        word[:at] + word[at].swapcase() + word[at + 1 :],
        word[:at] + rng.choice("0X_- ") + word[at + 1 :],
    ]
    return rng.choice(kinds)


def separator(text: str) -> str:
    """A pattern of what separates the columns: in most lines, the first of the usual ones."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    usual = (r"\t", r"\|", ";", ",", " +")
    return max(usual, key=lambda mark: sum(bool(re.search(mark, line)) for line in lines))


def drop_column(text: str, rng: random.Random) -> str:
    """Drop one value of one row, or one key of one record."""
    lines = text.split("\n")
    at = rng.choice([n for n, line in enumerate(lines) if line])
    if lines[at].startswith("{"):
        record = json.loads(lines[at])
        del record[rng.choice(sorted(record))]
        lines[at] = json.dumps(record, ensure_ascii=False)
    else:
        mark = separator(text)
        marks = [*re.finditer(mark, lines[at])]
        if marks:
            column = rng.randrange(len(marks) + 1)
            start = marks[column - 1].end() if column else 0
            end = marks[column].end() if column < len(marks) else len(lines[at])
            start = marks[column - 1].start() if column == len(marks) else start
            lines[at] = lines[at][:start] + lines[at][end:]
    return "\n".join(lines)


def drop_column_everywhere(text: str, rng: random.Random) -> str:
    """Drop the same value in all rows (all records)."""
    lines = text.split("\n")
    if text.startswith("{"):
        dropped = rng.choice(sorted(json.loads(lines[0])))
        loaded = [json.loads(line) for line in lines if line]
        kept = [{k: v for k, v in record.items() if k != dropped} for record in loaded]
        return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
    example = next(line for line in reversed(lines) if line and not line.startswith("#"))
    if "|NN|" in example:
        shorter_items = text.replace("|NN", ""), re.sub(r"\|[^|\s]+(?=\s)", "", text)
        return rng.choice(shorter_items)
    mark = re.search(separator(text), example)
    if mark is None:
        return text
    column = rng.randrange(len(example.split(mark[0])))

    def shorter(line: str) -> str:
        values = line.split(mark[0])
        if line.startswith("# ") or len(values) <= column:
            return line
        return mark[0].join(values[:column] + values[column + 1 :])

    return "\n".join(map(shorter, lines))


def _one(text: str, pattern: re.Pattern[str], rng: random.Random) -> str:
    matches = [m for m in pattern.finditer(text) if m[0]]
    if not matches:
        return text
    match = rng.choice(matches)
    return text[: match.start()] + mutate(match[0], rng) + text[match.end() :]


def misspell_tag(text: str, rng: random.Random) -> str:
    """A typing error in one tag."""
    pattern = re.compile(r'(?<="label": ")\w+|(?<="type": ")\w+') if '"spans"' in text else A_TAG
    return _one(text, pattern, rng)


def misspell_label(text: str, rng: random.Random) -> str:
    """A typing error in one entity's tag; most tags are O."""
    pattern = re.compile(
        r"(?<![\w-])[BIESLU]-(?:PER|LOC|ORG)|(?:PER|LOC|ORG)_[BI]|\((?:PER|LOC|ORG)"
    )
    return _one(text, pattern, rng)


def rename_key(text: str, rng: random.Random) -> str:
    """A typing error in one key, or in the same key everywhere."""
    matches = [*A_KEY.finditer(text)]
    if not matches:
        return text
    match = rng.choice(matches)
    number = match.lastindex or 0
    key = match[number]
    renamed = mutate(key, rng)
    if rng.random() < 0.5:
        return text[: match.start(number)] + renamed + text[match.end(number) :]
    whole = match[0].replace(key, renamed, 1)
    return text.replace(match[0], whole)


def change_line_end(data: bytes, rng: random.Random) -> bytes:
    """Another line end in one place, or none where a line follows; or others everywhere."""
    places = [m.start() for m in re.finditer(rb"\n", data)]
    at = rng.choice(places)
    end = rng.choice(ENDS)
    blank = data[at + 1 : at + 2] == b"\n" or data[at - 1 : at] == b"\n"
    if end == b"" and blank:
        end = b"\r\n"  # a blank line less is another valid file
    if rng.random() < 0.2:
        end = rng.choice([b"\r", b"\r\n", b"\r\r\n"])
        return data.replace(b"\n", end)
    return data[:at] + end + data[at + 1 :]


TEXT_CORRUPTIONS: dict[str, Callable[[str, random.Random], str]] = {
    "column dropped": drop_column,
    "column dropped everywhere": drop_column_everywhere,
    "tag misspelt": misspell_tag,
    "label misspelt": misspell_label,
    "key renamed": rename_key,
}
CORRUPTIONS = (*TEXT_CORRUPTIONS, "line end changed")


class _Heard(logging.Handler):
    """Notes whether anything warned."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def read(path: Path) -> tuple[Gold, bool]:
    """What is read, as read_corpus does, and whether the summary warns."""
    opened = formats.open_corpus(path, language_spaces=True)
    summary = Summary(TYPES)
    gold = [
        (s.text, tuple(sorted((e.start, e.end, e.label) for e in s.entities)))
        for s in summary.watch(formats.check_labels(opened.sentences, TYPES, path))
    ]
    return gold, "WARNING" in summary.describe(opened.read_as)


@dataclass(frozen=True)
class Outcome:
    """What became of a corrupted file: `same`, `error`, `warning`, or `silent`: other gold."""

    format: str
    corruption: str
    kind: str
    content: bytes
    before: Gold
    after: object


def outcomes(number: int, seed: int, folder: Path) -> Iterator[Outcome]:
    """Corrupt so many files, formats and corruptions in turn."""
    path = folder / "corpus"
    heard = _Heard()
    logger = logging.getLogger("eatner")
    logger.addHandler(heard)
    try:
        for at in range(number):
            rng = random.Random(f"{seed} {at}")
            name = list(VALID)[at % len(VALID)]
            corruption = CORRUPTIONS[at // len(VALID) % len(CORRUPTIONS)]
            text = VALID[name](corpus(rng))
            path.write_text(text, encoding="utf-8", newline="\n")
            before, _ = read(path)
            data = text.encode()
            for _ in range(9):  # some have no such place
                if corruption in TEXT_CORRUPTIONS:
                    data = TEXT_CORRUPTIONS[corruption](text, rng).encode()
                else:
                    data = change_line_end(text.encode(), rng)
                if data != text.encode():
                    break
            else:
                continue
            path.write_bytes(data)
            heard.messages.clear()
            after: object
            try:
                after, warned = read(path)
                warned = warned or bool(heard.messages)
                kind = "same" if after == before else "warning" if warned else "silent"
            except InputError as error:
                kind, after = "error", str(error)
            yield Outcome(name, corruption, kind, data, before, after)
    finally:
        logger.removeHandler(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=10, help="silent ones to show")
    arguments = parser.parse_args()
    logging.getLogger("eatner").propagate = False
    counts: Counter[str] = Counter()
    silent: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for outcome in outcomes(arguments.number, arguments.seed, Path(folder)):
            counts[outcome.kind] += 1
            if outcome.kind == "silent":
                silent[outcome.format, outcome.corruption] += 1
                if silent.total() <= arguments.show:
                    shown = [
                        f"--- {outcome.format}, {outcome.corruption}",
                        outcome.content.decode(errors="replace")[:1500],
                        f"before: {outcome.before[:3]}",
                        f"after: {str(outcome.after)[:500]}",
                    ]
                    sys.stdout.write("\n".join(shown) + "\n")
    lines = [f"{counts.total()} corruptions: {dict(counts)}"]
    lines += [f"  silent: {name}, {what}: {n}" for (name, what), n in silent.most_common()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
