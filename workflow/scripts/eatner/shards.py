"""Blocks of sentences that are labelled together, and shards: jobs that share the blocks of a text.

What an LLM computes for a sentence depends, in its last digits, on the other sentences of its
batch, and these digits may decide between two answers. So no batch crosses the border of a block,
and the blocks depend on the number of sentences alone: a text in shards, each of them whole
blocks, has the same batches, and the same results, as one that a single job labels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from eatner.errors import InputError
from eatner.files import atomic
from eatner.llm.journal import Journal
from eatner.tsv import escape

Row = TypeVar("Row")
OpenJournal = Callable[[str], Journal]
"""Opens the journal of a block, given what the answers depend on; see `answers_of`."""

# A text has at least this many blocks, for as many shards, unless they would be smaller than FEWEST
# sentences, with which a batch is slow. MOST is as many as a GPU takes at a time anyway.
BLOCKS = 4
FEWEST = 64
MOST = 512


def blocks(count: int) -> list[range]:
    """Divide sentences into neighbouring blocks whose sizes differ by one at most.

    Args:
        count: Number of sentences.

    Returns:
        The indices of the sentences of each block; no blocks without sentences.
    """
    number = max(min(BLOCKS, math.ceil(count / FEWEST)), math.ceil(count / MOST))
    return _parts(range(count), number)


def of_shard(every: list[range], shard: str) -> list[range]:
    """Choose the blocks of a shard: neighbours, as many in each shard as far as possible.

    Args:
        every: All blocks.
        shard: Which shard, such as `2-of-4`. If there are more shards than blocks, some have none.

    Raises:
        InputError: There is no such shard.
    """
    number, of = map(int, shard.split("-of-"))
    if not 1 <= number <= of:
        raise InputError(
            "there is no such shard",
            record=f"shard {shard}",
            remedy=f"Shards are numbered from 1 to {of}.",
        )
    return [every[index] for index in _parts(range(len(every)), of)[number - 1]]


def _parts(whole: range, number: int) -> list[range]:
    cuts = [len(whole) * part // number for part in range(number + 1)] if number else [0]
    return [whole[start:end] for start, end in pairwise(cuts)]


def label(
    count: int,
    output: Path,
    shard: str,
    run: Callable[[range, OpenJournal], Iterator[Row]],
    *,
    whole: bool,
) -> Iterator[Row]:
    """Label a text, or one shard of it, block by block.

    A block finds the answers of its own earlier run and those that were given for an earlier
    version of the text, but none of the other blocks: these may be another shard's.

    Args:
        count: Number of sentences of the text.
        output: The table that is made: the whole one, or that of a shard.
        shard: Which shard, such as `2-of-4`; empty for the whole text.
        run: Labels the sentences with some indices, and opens the journal of what an LLM says.
        whole: Whether the text is one block, where no model labels it.

    Yields:
        The rows of the blocks, in their order.
    """
    if whole:
        yield from run(range(count), partial(Journal, output))
        return
    every = blocks(count)
    folder = journals(whole_table(output) if shard else output)
    names = [journal_name(block) for block in every]
    for block in of_shard(every, shard) if shard else every:
        earlier = [path for path in sorted(folder.glob("*.jsonl")) if path.name not in names]
        yield from run(block, partial(Journal, folder / journal_name(block), earlier=earlier))
    if not shard:
        forget(output, count)


def forget(table: Path, count: int) -> None:
    """Delete the journals of an earlier version of a text, when all of the new one is labelled.

    Args:
        table: The whole table.
        count: Number of sentences of the text.
    """
    names = [journal_name(block) for block in blocks(count)]
    for path in journals(table).glob("*.jsonl"):
        if path.name not in names:
            path.unlink()


def journals(table: Path) -> Path:
    """The folder of the journals of a table's blocks, beside the table."""
    return table.with_name(f".{table.stem}.journal")


def journal_name(block: range) -> str:
    """The name of a block's journal: its first and its last sentence, counted from 1."""
    return f"{block.start + 1}-{block.stop}.jsonl"


def whole_table(shard_table: Path) -> Path:
    """The table that a shard is a part of: `gemma.tsv` for `gemma/2-of-4.tsv`."""
    folder = shard_table.parent
    return folder.with_name(f"{folder.name}.tsv")


def gather(parts: Sequence[Path], sentence_ids: Sequence[str], table: Path) -> None:
    """Join the tables of all shards, in their order, line by line.

    Args:
        parts: The tables.
        sentence_ids: The ids of all sentences of the text, in order.
        table: The whole table to make.

    Raises:
        InputError: A sentence is missing, is in two shards, or is out of order.
    """
    expected = iter(sentence_ids)
    last = None
    with atomic(table) as partial_table, open(partial_table, "wb") as whole:
        for number, part in enumerate(parts):
            with open(part, "rb") as lines:
                header = next(lines, b"")
                if number == 0:
                    whole.write(header)
                place = header.rstrip(b"\n").split(b"\t").index(b"sentence_id")
                for line in lines:
                    found = line.rstrip(b"\n").split(b"\t")[place]
                    if found != last and found.decode() != escape(next(expected, "")):
                        raise _not_whole(part, found.decode())
                    last = found
                    whole.write(line)
        if (missing := next(expected, None)) is not None:
            raise _not_whole(parts[-1], missing)


def _not_whole(part: Path, sentence_id: str) -> InputError:
    return InputError(
        "the shards do not hold each sentence once, in order",
        path=part,
        record=f"sentence {sentence_id}",
        remedy=f"Delete the folder {part.parent}: its shards are made again.",
    )
