"""What is fuzzed: for each reader of foreign data, hostile inputs, and what must hold for all.

A reader gives rows that hold, or an `InputError` of one line that names the file. Anything else is
a finding: another exception, a wrong offset, and (in `fuzz.py`) a hang or a growth of memory.
"""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import json
import logging
import random
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dumps
import httpx
import numpy as np
import tool_corruptions
import yaml
from configurations import EVERY_KIND, READ_ONCE, given
from corpora import corruptions
from fuzzing.inputs import damaged, marks
from hypothesis import strategies as st
from places import ROOT
from wiki import test_corruption as damaged_dumps

from eatner import tables, tsv
from eatner.align.candidates import candidate_spans
from eatner.align.paper import longest_common
from eatner.align.signals import scored_candidates
from eatner.answers.locate import locate
from eatner.config import schema
from eatner.config.configuration import Configuration
from eatner.corpora import formats
from eatner.corpora.gold import AnnotatedSentence
from eatner.corpora.summary import Summary
from eatner.errors import InputError
from eatner.fetch.artifacts import unpack
from eatner.llm.base import Decoding
from eatner.llm.completion import Completion
from eatner.llm.conversation import final_answer
from eatner.llm.endpoint import EndpointLLM
from eatner.llm.journal import Journal
from eatner.llm.replies import tidy
from eatner.llm.transport import RequestError
from eatner.tag import llm as tag_llm
from eatner.tag import text_to_text
from eatner.text import languages
from eatner.text import sentences as text_sentences
from eatner.wiki import langlinks
from eatner.wiki.dump import parse_dump

CODES = ["ja", "ko", "zh", "ar", "ru", "hi", "de", "ka"]
TYPES = dict.fromkeys(["PER", "LOC", "ORG"], "PER") | {"MISC": None}


@dataclass(frozen=True)
class Target:
    """A reader, the inputs that it is given, and the check of what it makes of them."""

    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


@contextmanager
def refused_at_most(path: Path | None = None) -> Iterator[None]:
    """Let an `InputError` pass if it is one printable line that names the file."""
    try:
        yield
    except InputError as error:
        check_refusal(error, path)


def check_refusal(error: Exception, path: Path | None = None) -> None:
    said = str(error)
    assert "\n" not in said, said
    assert said.encode("utf-8", "strict")
    assert len(said) < 4000, said[:200]
    assert path is None or path.name in said or path.parent.name in said, said


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz.") as name:
        yield Path(name)


def quiet() -> None:
    """No log lines: one for each input would be gigabytes."""
    logging.disable(logging.CRITICAL)


# --- corpora -------------------------------------------------------------------------------------

SUFFIXES = {"": [""], ".txt": ["", ".ann"], ".ann": ["", ".txt"], ".spacy": [""], ".csv": [""]}


@cache
def sound_corpora() -> list[bytes]:
    sentences = corruptions.corpus(random.Random(5))[:4]
    found = [write(sentences) for write in corruptions.VALID.values()]
    for records in tool_corruptions.sources().values():
        found += [write(records) for write in tool_corruptions.WRITERS.values()]
    found += [tool_corruptions.BRAT, tool_corruptions.WEBANNO]
    found.append("\n".join(text for text, _ in tool_corruptions.TEXTS))
    return [text.encode() for text in found]


def hold(sentences: Iterable[AnnotatedSentence]) -> None:
    for sentence in sentences:
        row = (sentence.text, sentence.sentence_id)
        assert sentence.text.strip(), row
        assert sentence.sentence_id, row
        "".join(row).encode()
        for start, end in sentence.tokens:  # one may be empty, of which a line warns
            assert 0 <= start <= end <= len(sentence.text), (row, start, end)
        for entity in sentence.entities:
            assert 0 <= entity.start < entity.end <= len(sentence.text), (row, entity)


def read_corpus(
    path: Path, format: str, spaces: bool = True, keys: Mapping[str, str] | None = None
) -> None:
    splitter = partial(text_sentences.split, language=languages.get("de"))
    with refused_at_most(path):
        opened = formats.open_corpus(
            path, format, language_spaces=spaces, splitter=splitter, **(keys or {})
        )
        summary = Summary(TYPES)
        hold(summary.watch(formats.check_labels(opened.sentences, TYPES, path)))
        summary.describe(opened.read_as)


def check_corpus(given: tuple[bytes, bytes, str, str, bool]) -> None:
    data, partner, suffix, format, spaces = given
    with folder() as place:
        path = place / f"corpus{suffix}"
        path.write_bytes(data)
        for other in SUFFIXES[suffix]:
            if other:
                path.with_suffix(other).write_bytes(partner)
        read_corpus(path, format, spaces)


def corpora_inputs() -> st.SearchStrategy[Any]:
    files = damaged(sound_corpora())
    known = st.sampled_from(["auto", "auto", *formats.FORMATS, "text", "prose"])
    return st.tuples(files, files, st.sampled_from([*SUFFIXES]), known, st.booleans())


ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp1251", "koi8_r",
             "shift_jis",             "euc_jp", "iso2022_jp", "euc_kr", "gb18030",
             "big5", "cp1256", "latin-1"]  # fmt: skip


def check_encoded(given: tuple[bytes, str]) -> None:
    data, encoding = given
    check_corpus((data.decode(errors="replace").encode(encoding, "replace"), b"", "", "auto", True))


@cache
def sound_docbins() -> list[bytes]:
    import spacy
    from spacy.tokens import Doc, DocBin, Span

    vocab = spacy.blank("xx").vocab
    doc = Doc(vocab, ["Anna", "wohnt", "in", "東京", "."], sent_starts=[True] + [False] * 4)
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")])
    other = Doc(vocab, ["Rom", "."])
    other.spans["sc"] = [Span(other, 0, 1, "LOC")]
    found = [DocBin(docs=docs, store_user_data=True) for docs in ([doc], [other], [doc, other])]
    return [zlib.decompress(one.to_bytes()) for one in found]


def check_docbin(given: tuple[bytes, bool]) -> None:
    data, packed = given
    with folder() as place:
        path = place / "corpus.spacy"
        path.write_bytes(zlib.compress(data) if packed else data)
        read_corpus(path, "spacy")


# --- tables --------------------------------------------------------------------------------------


@cache
def sound_tables() -> list[bytes]:
    rows = [
        b"sentence_id\ttext\ttokens\n1\ta\\tb\\\\\t0:1 2:3\n",
        b"sentence_id\tstart\tend\tsurface\ttype\tlabel\tstatus\n1\t0\t2\tab\tPER\tPER\tscored\n",
    ]
    for table in tables.TABLES:
        columns = tables.columns(table) if hasattr(tables, "columns") else ()
        rows.append("\t".join(columns).encode() + b"\n" + b"\t".join([b"0"] * len(columns)) + b"\n")
    return rows


def check_table(data: bytes) -> None:
    with folder() as place:
        path = place / "table.tsv"
        path.write_bytes(data)
        for table in tables.TABLES:
            with refused_at_most(path):
                rows = list(tables.read(path, table))
                again = place / "again.tsv"
                tables.write(again, table, rows)
                assert str(list(tables.read(again, table))) == str(rows)


def check_cells(values: list[str]) -> None:
    with folder() as place:
        path = place / "table.tsv"
        tsv.write(path, ["a"], [{"a": value} for value in values])
        assert [row["a"] for row in tsv.read(path, ["a"])] == values
        assert len(path.read_bytes().split(b"\n")) == len(values) + 2


# --- Wikipedia -----------------------------------------------------------------------------------


def packed_bz2(data: bytes, cut: int) -> bytes:
    return bz2.compress(data[:cut]) + bz2.compress(data[cut:])


def check_dump(given: tuple[bytes, int, str]) -> None:
    """A dump, plain, in two bz2 streams, or in bz2 that is damaged itself."""
    data, kind, code = given
    with folder() as place:
        path = place / "dump.xml"
        if kind:
            data = packed_bz2(data, len(data) // 2)
        if kind > 1:
            at = kind % len(data)
            data = data[:at] + bytes([data[at] ^ (1 << kind % 8)]) + data[at + 1 :]
        path.write_bytes(data)
        with refused_at_most(path):
            for row in parse_dump(path, languages.get(code), {}, paragraphs=kind % 3):
                assert row.title
                end = 0
                for start, stop, target, *_ in json.loads(row.links):
                    assert 0 <= start <= stop <= len(row.lead)
                    assert start < stop or target == ""
                    end = max(end, stop)


def check_langlinks(given: tuple[bytes, int]) -> None:
    data, kind = given
    with folder() as place:
        path = place / "langlinks.sql.gz"
        data = gzip.compress(data) if kind else data
        if kind > 1:
            at = kind % len(data)
            data = data[:at] + bytes([data[at] ^ (1 << kind % 8)]) + data[at + 1 :]
        path.write_bytes(data)
        with refused_at_most(path):
            for page, title in langlinks.read(path).items():
                assert page >= 0
                assert title


def check_index(given: tuple[bytes, bool]) -> None:
    data, packed = given
    with folder() as place:
        path, index = place / "dump.xml.bz2", place / "index.txt.bz2"
        dumps.multistream(path, dumps.PAGES)
        index.write_bytes(bz2.compress(data) if packed else data)
        with refused_at_most():
            list(parse_dump(path, languages.get("ja"), {}, index=index))


def check_wikitext(given: tuple[str, str]) -> None:
    source, code = given
    clean = dumps.lead(source, language=languages.get(code))
    for start, end, target, _ in clean.spans:
        assert 0 <= start < end <= len(clean.text)
        assert clean.text[start:end].strip() == clean.text[start:end]
        assert isinstance(target, str)
    assert all(0 <= hole <= len(clean.text) for hole in clean.holes)


# --- answers -------------------------------------------------------------------------------------


def spans_hold(spans: Iterable[tuple[int, int]], text: str) -> None:
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(text), (start, end)
        last = end


def check_locate(given: tuple[str, str, str, bool]) -> None:
    answer, sentence, code, mentions = given
    if mentions:
        answer += sentence[len(sentence) // 3 : len(sentence) // 2] + answer
    spans_hold(locate(answer, sentence, code), sentence)
    common = longest_common(answer, sentence)
    assert common in sentence
    assert common in answer


def check_signals(given: tuple[str, str, str]) -> None:
    name, sentence, code = given
    words = {piece for word in sentence.split() for piece in (word, word[1:-1]) if piece}
    logprobs = {f'{surface}"': -1.0 for surface in ["", *sorted(words)[:20]]}
    hints = [(word, name) for word in sorted(words)[:2]]
    scored = scored_candidates(name, sentence, logprobs, logprobs, languages.get(code), None, hints)
    assert np.isfinite(scored.signals).all()
    for surface in words:
        for start, end in candidate_spans(surface, sentence):
            assert sentence[start:end] == surface


def check_t5_answer(given: tuple[str, str, bool]) -> None:
    answer, text, finished = given
    items = text_to_text.parse(answer, TYPES, finished=finished)
    assert all(0 <= item.start <= item.end <= len(answer) for item in items)
    placed = text_to_text.place(items, text, TYPES, [0.5] * len(items))
    for entity in placed:
        assert (entity.start is None) == (entity.status != "tagged")
    spans_hold(sorted((e.start, e.end) for e in placed if e.start is not None), text)


def check_names_answer(given: tuple[str, str, str, bool]) -> None:
    answer, text, code, finished = given
    completion = Completion(answer, None, 1, finished)
    placed = tag_llm.place_names(completion, text, code)
    spans_hold(sorted((e.start, e.end) for e in placed if e.start is not None), text)


def check_reply_text(given: tuple[str, bool]) -> None:
    text, chat = given
    answer, only_thought = tidy(text, chat=chat)
    assert len(answer) <= len(text)
    assert not (answer.strip() and only_thought)
    final_answer(text)


KEYS = [
    "choices",
    "message",
    "content",
    "text",
    "error",
    "code",
    "usage",
    "type",
    "finish_reason",
    "logprobs",
    "token_logprobs",
    "completion_tokens",
    "detail",
    "object",
    "delta",
    "reasoning",
]
JSONS: st.SearchStrategy[Any] = st.deferred(
    lambda: (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.lists(JSONS, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), JSONS, max_size=4)
    )
)
REPLIES = [
    b'{"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", '
    b'"content": "Rome"}, "logprobs": {"content": [{"token": "a", "logprob": -0.5}]}}], '
    b'"usage": {"completion_tokens": 3}}',
    b'{"choices": [{"text": "\\ud83d Rome", "finish_reason": "length", "logprobs": '
    b'{"token_logprobs": [null, -1]}}]}',
    b'{"error": {"message": "maximum context length", "code": 400, "type": "x"}}',
]


def check_endpoint(given: tuple[bytes, int, str, str, str | None]) -> None:
    content, status, kind, retry_after, span = given
    # Only values that a header can have.
    headers = {"Content-Type": kind} | ({"Retry-After": retry_after} if retry_after else {})
    llm = EndpointLLM("http://h/v1", "n", structured="vllm")
    llm.transport.client = httpx.Client(
        base_url="http://h/v1/",
        transport=httpx.MockTransport(
            lambda _: httpx.Response(status, content=content, headers=headers)
        ),
    )
    prompt = [{"role": "user", "content": "?"}]
    llm.transport.ask = lambda path, body, stopping: llm.transport._post(path, body)
    with refused_at_most():
        try:
            # Callers never put the end mark into a span.
            answer = llm._answer(
                prompt, span and span.replace('"', ""), Decoding(5, stop='"'), None
            )
        except RequestError as error:
            check_refusal(error)
        else:
            assert answer is None or answer.text.encode() is not None
            assert answer is None or span is None or answer.text in span


def check_journal(data: bytes) -> None:
    with folder() as place:
        path = place / "journal.jsonl"
        path.write_bytes(data)
        journal = Journal(path, "x")
        key = journal.key("q")
        journal.add(key, ["a"])
        journal.close()
        again = Journal(path, "x")
        assert again.known == {key: ["a"]}
        again.close()


# --- configuration -------------------------------------------------------------------------------


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in inner:
        yield from nodes(item, (*path, key))


@cache
def sound_configuration() -> dict[str, Any]:
    return given(EVERY_KIND)


@cache
def configuration_places() -> list[tuple[Any, ...]]:
    return [path for path in nodes(sound_configuration()) if path]


HOSTILE_NAMES = ["../x", "a/b", "a\nb", "a\0b", "-rf", "..", ".", "", " ", "x" * 300, "wiki",
                 "`id`", "a;b", "a b", "{corpus}", "<script>", "%s", "~", "ü", "con", "a\u202eb",
                 1, 1.5, True, None, "null", "no", "2026-01-01"]  # fmt: skip


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    values = copy.deepcopy(sound_configuration())
    values_of_any_kind = st.sampled_from(HOSTILE_NAMES) | JSONS
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(configuration_places()))
        holder = values
        try:
            for key in above:
                holder = holder[key]
            kind = draw(st.integers(0, 3))
            if kind == 0:
                holder[last] = draw(values_of_any_kind)
            elif kind == 1:
                holder.pop(last)
            elif kind == 2:
                holder[draw(st.sampled_from(HOSTILE_NAMES))] = holder.pop(last)
            else:
                holder[draw(st.sampled_from(HOSTILE_NAMES))] = draw(values_of_any_kind)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    return values


@cache
def configured_folder() -> Path:
    from config.conftest import FILES

    place = Path(tempfile.mkdtemp(prefix="fuzz.config."))
    for name in ("workflow", "config", "bench"):
        (place / name).symlink_to(ROOT / name)
    for name, text in FILES.items():
        path = (place / name).resolve()
        if place in path.parents:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return place


def check_configuration(values: Any) -> None:
    # Reading the schema is half the time of a configuration.
    once = patch.object(schema, "read", lambda path: READ_ONCE)
    with once, chdir(configured_folder()), refused_at_most():
        read = Configuration.read(values, ROOT)
        for names in (read.corpora, read.models, read.translators, read.taggers, read.aligners):
            for name in names:
                assert Path("a", name).resolve().parent == Path("a").resolve(), name
                assert name.isprintable()
                assert not name.startswith("-")


def check_yaml(data: bytes) -> None:
    """A configuration as text: what YAML reads, the configuration reads or refuses."""
    try:
        values = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    if isinstance(values, dict):
        check_configuration(values)


# --- archives ------------------------------------------------------------------------------------


SPARSE = [
    {"GNU.sparse.map": "a,b"},
    {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9" * 16},
]


@st.composite
def archives(draw: st.DrawFn) -> tuple[bytes, str]:
    """A wheel or an sdist with hostile members, and the member that is asked for."""
    names = st.sampled_from(
        ["m", "m/a", "m/../../out", "../out", "/tmp/fuzz.out", "m/b/c", "m//d", "./m", "m/\\..\\x"]
    )
    member = draw(st.sampled_from(["m", "m/a", "../out", "/tmp/fuzz.out"]))
    buffer = io.BytesIO()
    if draw(st.booleans()):
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in draw(st.lists(names, max_size=4)):
                info = zipfile.ZipInfo(name)
                info.external_attr = draw(st.sampled_from([0, 0o120777 << 16, 0o40755 << 16]))
                archive.writestr(info, draw(st.sampled_from([b"x", b"../../out", b"\0" * 1000])))
    else:
        mode = draw(st.sampled_from(["w", "w:gz", "w:xz"]))
        with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.PAX_FORMAT) as archive:
            for name in draw(st.lists(names, max_size=4)):
                info = tarfile.TarInfo(name)
                info.type = draw(
                    st.sampled_from(
                        [
                            tarfile.REGTYPE,
                            tarfile.SYMTYPE,
                            tarfile.LNKTYPE,
                            tarfile.FIFOTYPE,
                            tarfile.CHRTYPE,
                            tarfile.DIRTYPE,
                        ]
                    )
                )
                info.linkname = draw(st.sampled_from(["/etc/passwd", "../../out", "m/a", "a"]))
                info.size = 3 if info.type == tarfile.REGTYPE else 0
                info.mtime = draw(st.sampled_from([0, 0, 1e30, -1]))
                info.pax_headers = draw(st.sampled_from([{}, {}, *SPARSE]))
                archive.addfile(info, io.BytesIO(b"abc"))
    return draw(damaged([buffer.getvalue()]) | st.just(buffer.getvalue())), member


def check_archive(given: tuple[bytes, str]) -> None:
    data, member = given
    with folder() as place:
        inner = place / "inner" / "deep"
        inner.mkdir(parents=True)
        package, out = inner / "package", inner / "out"
        package.write_bytes(data)
        with refused_at_most(package):
            unpack([package], [member], "", out)
        assert {path.name for path in place.iterdir()} == {"inner"}
        assert {path.name for path in inner.parent.iterdir()} == {"deep"}
        assert {path.name for path in inner.iterdir()} <= {"package", "out"}
        assert not any(path.is_symlink() for path in inner.rglob("*"))
        assert not Path("/tmp/fuzz.out").exists()


# --- models and datasets -------------------------------------------------------------------------


@cache
def sound_model() -> Path:
    import tiny

    return tiny.folder("llama")


@cache
def sound_settings() -> dict[str, bytes]:
    names = ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"]
    return {name: (sound_model() / name).read_bytes() for name in names}


TEMPLATES = [
    b"{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}",
    b"{{ raise_exception('roles must alternate') }}",
    b"{{ messages[0]['content'].upper() | tojson }}{% if x is defined %}{{ x.y }}{% endif %}",
]
WRONG = [None, 0, -1, 77, 1e30, "x", "os.system", [], {}, [1, "a"], True]


@st.composite
def model_folders(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of a model's folder, and what stands in its place."""
    name = draw(st.sampled_from([*sound_settings(), "chat_template.jinja", "model.safetensors"]))
    if name == "chat_template.jinja":
        return name, draw(damaged(TEMPLATES))
    if name == "model.safetensors":
        data = (sound_model() / name).read_bytes()
        cut = draw(st.integers(0, len(data)))
        return name, draw(st.sampled_from([data[:cut], data[cut:], b"\0" * 8 + data[8:]]))
    if draw(st.booleans()):
        return name, draw(damaged([sound_settings()[name]]))
    settings = json.loads(sound_settings()[name])
    for key in draw(st.lists(st.sampled_from(sorted(settings)), min_size=1, max_size=2)):
        settings[key] = draw(st.sampled_from(WRONG))
    return name, json.dumps(settings).encode()


def check_model_folder(given: tuple[str, bytes]) -> None:
    """A folder answers with numbers, or is refused, when it is opened or when it is asked."""
    from eatner.llm.transformers import TransformersLLM

    name, data = given
    with folder() as place:
        model = place / "model"
        shutil.copytree(sound_model(), model)
        (model / name).write_bytes(data)
        with refused_at_most(model):
            llm = TransformersLLM(model)
            prompts = ["Rome is", [{"role": "user", "content": "Rome?"}]]
            for [answer] in llm.complete(prompts, max_new_tokens=2):
                answer.text.encode()


@cache
def warm(name: str) -> None:
    """Import what a target needs, which takes longer than any of its inputs may."""
    if name == "model folders":
        check_model_folder(("notes.txt", b""))


DATASET = b'{"tokens": ["Rome"], "ner_tags": ["B-LOC"]}\n'
CARDS = [
    b"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: test.jsonl\n"
    b"---\n",
    b"---\ndataset_info:\n  features:\n  - name: tokens\n    list: string\n---\n",
    b"---\nconfigs:\n- config_name: default\n  data_dir: ../outside\n---\n",
    b"---\nconfigs:\n- config_name: default\n  data_files: '../outside/*'\n---\n",
]


@cache
def sound_parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"tokens": [["Rome"]], "ner_tags": [["B-LOC"]]})
    features = {"tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"}}
    info = {"huggingface": json.dumps({"info": {"features": features}})}
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata(info), buffer)
    return buffer.getvalue()


def check_dataset_folder(given: tuple[str, bytes]) -> None:
    """A folder of a dataset gives rows of its own files, or is refused."""
    from eatner.fetch.datasets import fetch_corpus

    name, data = given
    with folder() as place:
        dataset, outside, out = place / "dataset", place / "outside", place / "out.jsonl"
        dataset.mkdir()
        outside.mkdir()
        (outside / "test.jsonl").write_bytes(b'{"tokens": ["a secret"]}\n')
        if name == "README.md":
            (dataset / "test.jsonl").write_bytes(DATASET)
        (dataset / name).write_bytes(data)
        with refused_at_most(dataset):
            fetch_corpus(dataset, out, wait=0)
            assert b"secret" not in out.read_bytes()
        assert {path.name for path in place.iterdir()} <= {"dataset", "outside", "out.jsonl"}


def dataset_folders() -> st.SearchStrategy[Any]:
    files = {
        "README.md": damaged(CARDS),
        "test.jsonl": damaged([DATASET * 3]),
        "test.parquet": st.deferred(lambda: damaged([sound_parquet()])),
        "test.csv": damaged([b"tokens,ner_tags\nRome,B-LOC\n"]),
    }
    return st.one_of([st.tuples(st.just(name), data) for name, data in files.items()])


WIKI_SQL = [damaged_dumps.SQL, damaged_dumps.SQL.replace(b"'", b'"')]
WIKI_XML = [
    damaged_dumps.DUMP,
    (dumps.HEAD + "".join(dumps.PAGES) + "</mediawiki>\n").encode(),
]
INDEX = [b"519:1:A\n519:2:B\n800:3:C:D\n", b""]
SENTENCES = marks()
TARGETS: dict[str, Target] = {
    "corpora": Target(corpora_inputs(), check_corpus),
    "encodings": Target(
        st.tuples(damaged(sound_corpora()), st.sampled_from(ENCODINGS)), check_encoded
    ),
    "docbin": Target(
        st.tuples(st.deferred(lambda: damaged(sound_docbins())), st.just(True)), check_docbin
    ),
    "tables": Target(damaged(sound_tables()), check_table),
    "cells": Target(st.lists(marks()), check_cells),
    "dumps": Target(
        st.tuples(damaged(WIKI_XML), st.just(0) | st.integers(0, 5000), st.sampled_from(CODES)),
        check_dump,
    ),
    "langlinks": Target(
        st.tuples(damaged(WIKI_SQL), st.just(0) | st.integers(0, 2000)), check_langlinks
    ),
    "multistream index": Target(st.tuples(damaged(INDEX), st.booleans()), check_index),
    "wikitext": Target(st.tuples(marks(dumps.PIECES), st.sampled_from(CODES)), check_wikitext),
    "locate": Target(
        st.tuples(SENTENCES, SENTENCES, st.sampled_from(CODES), st.booleans()), check_locate
    ),
    "signals": Target(st.tuples(SENTENCES, SENTENCES, st.sampled_from(CODES)), check_signals),
    "T5 answers": Target(st.tuples(SENTENCES, SENTENCES, st.booleans()), check_t5_answer),
    "lists of names": Target(
        st.tuples(SENTENCES, SENTENCES, st.sampled_from(CODES), st.booleans()), check_names_answer
    ),
    "reply texts": Target(st.tuples(SENTENCES, st.booleans()), check_reply_text),
    "endpoint replies": Target(
        st.tuples(
            damaged(REPLIES) | JSONS.map(lambda value: json.dumps(value).encode()),
            st.sampled_from([200, 200, 200, 400, 401, 413, 429, 500, 302]),
            st.sampled_from(["application/json", "text/html", "", "text/event-stream", "a;b"]),
            st.sampled_from(
                ["", "1", "99999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "x"]
            ),
            st.none() | marks(),
        ),
        check_endpoint,
    ),
    "journals": Target(
        damaged([b'{"question": "a", "answers": [{"text": "x"}]}\n', b'{"key": "a"}\n']),
        check_journal,
    ),
    "configurations": Target(configurations(), check_configuration),
    "configuration files": Target(
        st.deferred(
            lambda: damaged(
                [(ROOT / "config" / name).read_bytes() for name in ("config.yaml", "ablation.yaml")]
            )
        ),
        check_yaml,
    ),
    "archives": Target(archives(), check_archive),
    "model folders": Target(
        st.deferred(lambda: warm("model folders") or model_folders()), check_model_folder
    ),
    "dataset folders": Target(dataset_folders(), check_dataset_folder),
}
