"""The bz2 streams of a multistream dump: where they begin, and what they hold."""

from __future__ import annotations

import bz2
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eatner.errors import InputError

_MAGIC = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
READ = 1 << 20
_INFLATED = 1 << 20  # bytes to ask the decompressor for at a time: a bomb inflates no further
_BATCH = 1 << 19  # compressed bytes of a task
# Limits of what is decompressed in one go; anything larger is decompressed piece by piece.
_AT_ONCE = 8 << 20
_AT_ONCE_INFLATED = 32 << 20
_DIGITS = 18  # of an offset: Python refuses to read a number of thousands
_END_OF_STREAM = 80  # bits: a magic number and a sum
AGAIN = "Download it again and compare its sha1 with the published one."
LAYOUT = "Give a pages-articles dump in MediaWiki's XML export format, UTF-8."


def count_progress(items: Iterable, size: Callable, progress: Callable[[int], object]) -> Iterator:
    for item in items:
        yield item
        progress(size(item))


def chain(
    first: tuple[int, int], second: tuple[int, int], rest: Iterator[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    yield first
    yield second
    yield from rest


def first_bytes(path: Path) -> bytes:
    """The first bytes, which show what a file is."""
    try:
        with open(path, "rb") as file:
            return file.read(10)
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror})", path=path, remedy="Give the path of a file."
        ) from error


def stream_bounds(path: Path) -> Iterator[tuple[int, int]]:
    """Begin and end of each bz2 stream, by its magic number."""
    begin = offset = 0
    tail = b""
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            window = tail + block
            first = offset - len(tail)
            if first == 0 and not _MAGIC.match(window):
                raise InputError("not a bz2 file", path=path, record="byte 0", remedy=AGAIN)
            # A magic number that crosses the edge is found whole in the next window.
            for match in _MAGIC.finditer(window):
                at = first + match.start()
                if at > begin:
                    yield begin, at
                    begin = at
            tail = window[-9:]
            offset += len(block)
    yield begin, offset


def batches(streams: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join neighbouring streams until a batch is worth the cost of handing it to a process."""
    begin = end = 0
    for _, end in streams:
        if end - begin >= _BATCH:
            yield begin, end
            begin = end
    if end > begin:
        yield begin, end


def inflate(path: Path, begin: int, end: int) -> Iterator[bytes]:
    """The text of all bz2 streams between two offsets, in pieces of bounded size."""
    pieces = None
    if end - begin <= _AT_ONCE:
        with open(path, "rb") as file:
            file.seek(begin)
            pieces = _inflate_fast(file.read(end - begin))
    return inflate_strictly(path, begin, end) if pieces is None else iter(pieces)


def _inflate_fast(packed: bytes) -> list[bytes] | None:
    """The text of whole bz2 streams, or None where there is any doubt.

    rapidgzip takes three quarters of the time that `bz2` takes. But it takes a damaged stream
    header for garbage after the end, so this checks that it read up to the last byte. `bz2` has
    the better error messages. Nothing is returned before all of it is known to be sound.
    """
    # Imported here: readers of titles.tsv do not need it.
    import rapidgzip

    pieces: list[bytes] = []
    size = 0
    with (
        # Its C++ raises exceptions of any kind, and not always with a message that can be read.
        suppress(Exception),
        _muted(),
        # rapidgzip 0.16 never releases a source: when closed, it holds a kilobyte, not `packed`.
        io.BytesIO(packed) as source,
        rapidgzip.IndexedBzip2File(source, parallelization=1) as file,
    ):
        while piece := file.read(_INFLATED):
            pieces.append(piece)
            size += len(piece)
            if size > _AT_ONCE_INFLATED:
                return None
        # Maps the bit at which each block begins to its offset in the text; the last is the end.
        end, inflated = list(file.block_offsets().items())[-1]
        if (end + _END_OF_STREAM + 7) // 8 == len(packed) and inflated == size:
            return pieces
    return None


@contextmanager
def _muted() -> Iterator[None]:
    """Keep out of the log what a library in C++ writes to the standard error output."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def inflate_strictly(path: Path, begin: int, end: int) -> Iterator[bytes]:
    """The same as `inflate` by the standard library, of any size; names the damaged stream."""
    with open(path, "rb") as file:
        file.seek(begin)
        left = end - begin
        decompressor = bz2.BZ2Decompressor()
        stream, pending = begin, b""
        fed = begin
        while True:
            if decompressor.eof:
                pending = decompressor.unused_data
                if not pending and not left:
                    return
                stream = fed - len(pending)
                decompressor = bz2.BZ2Decompressor()
            elif decompressor.needs_input and not pending:
                pending = file.read(min(READ, left))
                left -= len(pending)
                fed += len(pending)
                if not pending:
                    raise InputError(
                        "the bz2 stream that begins here is cut off",
                        path=path,
                        record=f"byte {stream}",
                        remedy=AGAIN,
                    )
            try:
                data = decompressor.decompress(pending, _INFLATED)
            except OSError as error:
                raise InputError(
                    f"the bz2 stream that begins here is damaged ({error})",
                    path=path,
                    record=f"byte {stream}",
                    remedy=AGAIN,
                ) from error
            pending = b""
            if data:
                yield data


def plain(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while data := file.read(READ):
            yield data


def check_index(dump: Path, index: Path) -> None:
    """Compare the index's offsets with the streams that the dump has."""
    begins = [begin for begin, _ in stream_bounds(dump)]
    # The first stream may hold the head alone and the last the end alone: no pages to name.
    known, missing = set(begins), set(begins[1:-1])
    size = dump.stat().st_size
    packed = first_bytes(index).startswith(b"BZh")
    chunks = inflate_strictly(index, 0, index.stat().st_size) if packed else plain(index)
    for line, text in enumerate(_lines(chunks), 1):
        offset = text.partition(b":")[0]
        if not offset.isdigit() or len(offset) > _DIGITS:
            raise InputError(
                "this line is none of an index (offset:page id:title)",
                path=index,
                line=line,
                remedy="Give the multistream-index.txt.bz2 of the dump.",
            )
        if int(offset) >= size:
            raise InputError(
                f"the dump is cut off: {index} names a stream at byte {int(offset)}",
                path=dump,
                record=f"byte {size}",
                remedy=AGAIN,
            )
        if int(offset) not in known:
            raise InputError(
                f"no stream begins here, but {index}, line {line}, names one",
                path=dump,
                record=f"byte {int(offset)}",
                remedy="It is damaged, or the index is of another date: compare their sha1 with the"
                " published ones.",
            )
        missing.discard(int(offset))
    if missing:
        raise InputError(
            f"it does not name the stream of {dump} at byte {min(missing)}",
            path=index,
            remedy="It is cut off, or of another date: compare its sha1 with the published one.",
        )


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def refuse_encoding(path: Path, begin: bytes) -> None:
    wide = begin[:2] in (b"\xff\xfe", b"\xfe\xff") or b"<\0" in begin or b"\0<" in begin
    raise InputError(
        "the text is UTF-16 or UTF-32, not UTF-8" if wide else "neither XML nor bz2",
        path=path,
        record="byte 0",
        remedy="Convert it to UTF-8." if wide else LAYOUT,
    )
