"""The bz2 streams of a dump and its index."""

from __future__ import annotations

import bz2
import contextlib
import random
import tracemalloc
from pathlib import Path

import pytest
from dumps import (
    PAGES,
    multistream,
    parse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eatner.errors import InputError
from eatner.wiki.streams import _AT_ONCE_INFLATED, _INFLATED, _inflate_fast, inflate


def test_the_index_is_checked(tmp_path):
    dump, index = tmp_path / "d.bz2", tmp_path / "i.bz2"
    begins = multistream(dump, PAGES, 4)
    index.write_bytes(bz2.compress(f"{begins[1]}:1:東京\n{begins[2]}:5:a:b\n".encode()))
    assert len(parse(dump, index=index)) == 6
    index.write_bytes(bz2.compress(f"{begins[1]}:1:東京\n{begins[2] + 1}:5:港\n".encode()))
    with pytest.raises(InputError, match=rf"d\.bz2, byte {begins[2] + 1}: no stream .*line 2"):
        parse(dump, index=index)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ("", "does not name the stream of"),
        ("{0}:1:東京\n", "does not name the stream of .* at byte"),
        ("{0}:1:東京\n{1}:5:港\n99999999:9:x", r"d\.bz2, byte \d+: the dump is cut off"),
        ("<html>", r"i, line 1: this line is none of an index"),
    ],
)
def test_an_index_of_another_dump_is_an_error(tmp_path, entries, problem):
    dump, index = tmp_path / "d.bz2", tmp_path / "i"
    begins = multistream(dump, PAGES, 3)
    index.write_text(entries.format(*begins[1:]))
    with pytest.raises(InputError, match=problem):
        parse(dump, index=index)


def test_truncated_bz2_names_the_stream(tmp_path):
    path = tmp_path / "d.bz2"
    begins = multistream(path, PAGES, 2)
    path.write_bytes(path.read_bytes()[: begins[3] + 60])
    with pytest.raises(InputError, match=rf"byte {begins[3]}: the bz2 stream.*cut off"):
        parse(path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_any_flipped_bit_is_an_error_or_harmless(tmp_path, at, bit):
    path = tmp_path / "d.bz2"
    multistream(path, PAGES, 2)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    with contextlib.suppress(InputError):
        assert len(parse(path)) == 6


STREAMS = [b"<page>" * 50, b"", bytes(range(256)) * 3, "東京タワー".encode(), b"y"]

PACKED = [bz2.compress(text) for text in STREAMS]

BEGINS = [sum(map(len, PACKED[:n])) for n in range(len(PACKED))]


def inflated(path: Path) -> bytes:
    return b"".join(inflate(path, 0, path.stat().st_size))


@pytest.mark.parametrize("count", range(1, len(PACKED) + 1))
def test_sound_streams_go_the_fast_way(count):
    pieces = _inflate_fast(b"".join(PACKED[:count]))
    assert b"".join(pieces) == b"".join(STREAMS[:count])


@pytest.mark.parametrize("only", PACKED)
def test_a_single_stream_goes_the_fast_way(only):
    assert b"".join(_inflate_fast(only)) == bz2.decompress(only)


@pytest.mark.parametrize("begin", BEGINS)
def test_a_damaged_header_or_block_loses_nothing_silently(tmp_path, capfd, begin):
    """Each bit of a stream's header and of its first block's magic number and sum."""
    path = tmp_path / "d.bz2"
    harmless = set()
    for at in range(begin, begin + 14):
        for bit in range(8):
            data = bytearray(b"".join(PACKED))
            data[at] ^= 1 << bit
            path.write_bytes(data)
            places = []
            try:
                assert inflated(path) == b"".join(STREAMS)
                harmless.add(at - begin)
            except InputError as error:
                places.append(error.record)
            assert set(places) <= {f"byte {begin}"}
    # The size of blocks, which are smaller than any size.
    assert harmless == {3}
    assert capfd.readouterr().err == ""


def test_a_cut_anywhere_but_between_streams_is_an_error(tmp_path):
    path = tmp_path / "d.bz2"
    whole = b"".join(PACKED)
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        if cut in BEGINS:
            assert inflated(path) == b"".join(STREAMS[: BEGINS.index(cut)])
            continue
        with pytest.raises(InputError) as caught:
            inflated(path)
        assert caught.value.record == f"byte {max(b for b in BEGINS if b < cut)}"


@pytest.mark.parametrize("garbage", [b"\n", b"\0", b"BZ", b"BZh9", b"BZh91AY&SY", b"no" * 999])
def test_garbage_after_the_end(tmp_path, capfd, garbage):
    path = tmp_path / "d.bz2"
    path.write_bytes(b"".join(PACKED) + garbage)
    with pytest.raises(InputError) as caught:
        inflated(path)
    assert caught.value.record == f"byte {sum(map(len, PACKED))}"
    assert capfd.readouterr().err == ""


def test_what_was_decompressed_is_let_go_of():
    packed = bz2.compress(random.Random(1).randbytes(1 << 18))
    _inflate_fast(packed)
    tracemalloc.start()
    for _ in range(20):
        # A copy each time, as every window of a file is.
        assert _inflate_fast(bytes(bytearray(packed)))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < len(packed)


def test_what_inflates_too_far_is_read_in_pieces(tmp_path):
    path = tmp_path / "d.bz2"
    path.write_bytes(bz2.compress(bytes(_AT_ONCE_INFLATED + 1)))
    assert _inflate_fast(path.read_bytes()) is None
    pieces = list(map(len, inflate(path, 0, path.stat().st_size)))
    assert sum(pieces) == _AT_ONCE_INFLATED + 1
    assert max(pieces) <= _INFLATED
