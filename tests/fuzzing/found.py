"""What was found by fuzzing, or by reading the code for such faults, with inputs that show it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from typing import Any, NamedTuple

from configurations import ENDPOINT, EVERY_KIND, given


class Found(NamedTuple):
    """A fault that is mended: what it was, the target that shows it, and an input of it."""

    fault: str
    target: str
    input: Any


def nested(depth: int) -> dict[str, Any]:
    """A dict in a dict in a dict ..."""
    return {"a": nested(depth - 1)} if depth else {}


ROW = b"bc/x_1  0  %d  kam  NN  (X*)  -  -  -  spk  *  %s-\n"


def sdist(**more: object) -> bytes:
    """A tar of one member, m, with odd attributes."""
    entry = tarfile.TarInfo("m")
    for name, value in more.items():
        setattr(entry, name, value)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(entry)
    return buffer.getvalue()


def wheel(**at: int) -> bytes:
    """A zip of one member, m, some bytes of whose directory are others: by their offsets in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m", "x")
    data = bytearray(buffer.getvalue())
    for offset, value in at.items():
        data[data.index(b"PK\x01\x02") + int(offset.removeprefix("byte_"))] = value
    return bytes(data)


# Columns may be of any number in CoNLL-2012.
ROWS = b"".join(ROW % (n, b"* " * (n // 3)) for n in range(9))
FOUND = [
    Found(
        "a CoNLL-2012 row without its tag was an IndexError",
        "corpora",
        (ROWS + b"bc/ -  -  spk  *  * *  -\n" + ROWS + b"\n", b"", "", "auto", True),
    ),
    Found(
        "thousands of line feeds in an answer took more than ten seconds",
        "reply texts",
        ("\n" * 20_000, True),
    ),
    Found(
        "a number for the hints of a translation was a TypeError",
        "tables",
        b"sentence_id\tenglish\thints\tlogprob\tstatus\n0\t0\t0\t0\t0\n",
    ),
    Found(
        "an empty package was refused in five lines",
        "archives",
        (b"", "m"),
    ),
    Found(
        "a number of thousands of digits in JSON was a ValueError",
        "corpora",
        (b'{"text": "a", "spans": [], "id": ' + b"9" * 5000 + b"}\n", b"", "", "jsonl", True),
    ),
    Found(
        "deep brackets in a cell of a CSV were a RecursionError",
        "corpora",
        (b'tokens,ner_tags\n"' + b"[" * 20_000 + b'","[]"\n', b"", ".csv", "jsonl", True),
    ),
    Found(
        "deep brackets in a journal were a RecursionError",
        "journals",
        b"[" * 20_000 + b"\n",
    ),
    Found(
        "deep brackets in an endpoint's reply were a RecursionError",
        "endpoint replies",
        (b"[" * 20_000, 200, "application/json", "", None),
    ),
    Found(
        "a line feed at the end of a name was let through, into paths",
        "configurations",
        given(EVERY_KIND, {"corpora": {"a\n": {"language": "ko", "file": "mini.iob2"}}}),
    ),
    Found(
        "a line of tens of thousands of characters took more than ten seconds to recognise",
        "corpora",
        (b"Rome " + b"_" * 60_000 + b"\tO\nb\tO\n", b"", ".csv", "prose", True),
    ),
    Found(
        "an error quoted a tag of a hundred thousand characters",
        "corpora",
        (b"Rome\tO\nb\t'" + b"x" * 100_000 + b"\n", b"", ".ann", "conll", False),
    ),
    Found(
        "an error's remedy quoted a label of thousands of characters",
        "corpora",
        (b"Rome\tB-LOC" + b"_" * 5000 + b"\n", b"", "", "conll", True),
    ),
    Found(
        "a run of colons took a time that doubled with each",
        "corpora",
        (b"Rome" + b":" * 200 + b" is old.\n", b"", "", "text", True),
    ),
    Found(
        "an entity that is nothing but an accent was an IndexError in an empty text",
        "T5 answers",
        ("(PER, \u0301)", "", True),
    ),
    Found(
        "an offset of thousands of digits in a dump's index was a ValueError",
        "multistream index",
        (b"9" * 5000 + b":1:Rome\n", False),
    ),
    Found(
        "a token's number of thousands of digits was a ValueError",
        "corpora",
        (b"1\tRome\tB-LOC\n2\tis\tO\n" + b"3" * 5000 + b"\told\tO\n\n", b"", "", "conll", True),
    ),
    Found(
        "an offset of thousands of digits in brat's annotation was a ValueError",
        "corpora",
        (b"Rome\n", b"T1\tLOC 0 " + b"4" * 5000 + b"\tRome\n", ".txt", "auto", True),
    ),
    Found(
        "a superscript number where offsets are looked for was a ValueError",
        "corpora",
        ("\u00b2 \u00b2 Rome B-LOC\n\u00b2 \u00b2 lies O\n\n".encode(), b"", "", "conll", True),
    ),
    Found(
        "leader dots took a time that grew with the square of their number",
        "corpora",
        (b"Anna" + b"." * 100_000 + b" 7\n", b"", "", "paragraphs", True),
    ),
    Found(
        "a book on one line took a time that grew with its square",
        "corpora",
        (b"Anna geht. \xc2\xbbJa.\xc2\xab " * 60_000, b"", "", "prose", True),
    ),
    Found(
        "marks with a space between them, as in Tibetan, were a RecursionError",
        "encodings",
        (("\u00ab " * 1500 + "Oui." + " \u00bb" * 1200).encode(), "utf-8"),
    ),
    Found(
        "a long answer took its length times that of its sentence",
        "locate",
        ("Rome" * 5000, "Rome" * 4999 + ".", "de", False),
    ),
    Found(
        "an annotation of tens of thousands of entities took the square of their number",
        "corpora",
        (
            b"Rome " * 40_000,
            b"".join(b"T%d\tLOC %d %d\tRome\n" % (i, 5 * i, 5 * i + 4) for i in range(40_000)),
            ".txt",
            "brat",
            True,
        ),
    ),
    Found(
        "beginnings of a table without an end took the square of their number",
        "langlinks",
        (b"CREATE TABLE a (" * 60_000, 0),
    ),
    Found(
        "a number that is none was taken for a time limit",
        "configurations",
        given(EVERY_KIND, {"models": {"x": {**ENDPOINT, "timeout": float("nan")}}}),
    ),
    Found(
        "fields of a request that nest without end were a RecursionError",
        "configurations",
        given(EVERY_KIND, {"models": {"x": {**ENDPOINT, "request": nested(200)}}}),
    ),
    Found(
        "a file name of thousands of characters was an OSError",
        "configurations",
        given(EVERY_KIND, {"corpora": {"x": {"language": "ko", "file": "a" * 5000}}}),
    ),
    Found(
        "a hard link to nothing was a KeyError",
        "archives",
        (sdist(type=tarfile.LNKTYPE, linkname="none"), "m"),
    ),
    Found(
        "a symbolic link was unpacked", "archives", (sdist(type=tarfile.SYMTYPE, linkname="m"), "m")
    ),
    Found(
        "a sparse map of letters was a ValueError",
        "archives",
        (sdist(pax_headers={"GNU.sparse.map": "a,b"}), "m"),
    ),
    Found("a time beyond all clocks was an OverflowError", "archives", (sdist(mtime=1e30), "m")),
    Found("an encrypted wheel was a RuntimeError", "archives", (wheel(byte_8=1), "m")),
    Found(
        "an unknown method of packing was a NotImplementedError",
        "archives",
        (wheel(byte_10=99), "m"),
    ),
    Found(
        "a wheel of a later version was a NotImplementedError", "archives", (wheel(byte_6=200), "m")
    ),
    Found(
        "no attention head was a ZeroDivisionError",
        "model folders",
        ("config.json", b'{"model_type": "llama", "num_attention_heads": 0}'),
    ),
    Found(
        "a number format that is none was an AttributeError",
        "model folders",
        ("config.json", b'{"model_type": "llama", "dtype": "os.system"}'),
    ),
    Found(
        "a width in letters was an error of several lines",
        "model folders",
        ("config.json", b'{"model_type": "llama", "hidden_size": "x"}'),
    ),
    Found(
        "weights of another shape were a RuntimeError",
        "model folders",
        ("config.json", b'{"model_type": "llama", "hidden_size": 48, "vocab_size": 9}'),
    ),
    Found(
        "a limit in letters was a TypeError",
        "model folders",
        ("generation_config.json", b'{"max_new_tokens": "x"}'),
    ),
    Found(
        "an index whose files are lists was a TypeError",
        "model folders",
        ("model.safetensors.index.json", b'{"weight_map": {"a": ["x.safetensors"]}}'),
    ),
    Found(
        "a template's own exception was one of two lines",
        "model folders",
        ("chat_template.jinja", b"{{ raise_exception('a\\nb') }}"),
    ),
    Found(
        "a template that reaches for Python was a SecurityError",
        "model folders",
        ("chat_template.jinja", b"{{ ''.__class__.__mro__ }}"),
    ),
    Found(
        "a card's broken YAML was a YAMLError of several lines",
        "dataset folders",
        ("README.md", b"---\n: : : [\n---\n"),
    ),
    Found(
        "a card led out of its folder",
        "dataset folders",
        ("README.md", b"---\nconfigs:\n- config_name: a\n  data_files: ../outside/*\n---\n"),
    ),
    Found(
        "broken JSON Lines were a DatasetGenerationError",
        "dataset folders",
        ("test.jsonl", b'{"tokens": ["Rome"]\n{"x":'),
    ),
]


def shown(found: Found) -> str:
    """The beginning of an input, for messages."""
    return json.dumps(repr(found.input)[:80])
