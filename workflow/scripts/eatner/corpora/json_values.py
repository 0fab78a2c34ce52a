"""The records of a JSON file: JSON Lines, one list, one object around a list, or one record."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from eatner.corpora.tokens import Place, no_sentence, numbered_lines, read_lines
from eatner.errors import InputError

# A record of JSON Lines.
_OBJECT = re.compile(r'\s*\[?\s*\{\s*"[^"]*"\s*:.*\}\s*[\],]?\s*')
_STRING = r'"(?:[^"\\]|\\.)*"'
# How JSON begins: a record, a list of records or of pairs, a pair, or brackets alone.
_JSON = re.compile(
    rf'\s*(\[\s*(null|true|false|-?\d[\d.]*|"")\s*,\s*[\[{{"]|\{{\s*("|\}})|\[\s*\{{\s*("|\}}|$)|\[\s*\[\s*["\{{]|"\{{\\"|\[{_STRING},\s*(\{{|\[\[)|[\[{{\s]+$)'
)
# How source code begins: dictionaries in single quotes, tuples, an assignment.
_SOURCE = re.compile(
    r"\s*(\[\s*)?(\{\s*'|\(\s*[\"'].*[\"'],\s*\{)"
    r"|\s*((var|let|const) )?[A-Za-z_]\w* ?= ?[\[{]\s*([({\[\"']|$)"
)


class _DuplicateKeyError(ValueError):
    """A key that stands twice in one object, of which Python would keep the last."""


def looks_like(path: Path, head: str) -> bool:
    """Whether a file that begins with `head` holds JSON, or records that were meant to be JSON."""
    lines = (line for line in head.removeprefix("\ufeff").splitlines() if line.strip())
    first = next(lines, "")
    if _JSON.match(first) or _SOURCE.match(first):
        return True
    # One line may be spoilt.
    return any(map(_OBJECT.fullmatch, itertools.islice(lines, 5)))


def records(path: Path) -> Iterator[tuple[Place, object]]:
    """Place and value of each record.

    Raises:
        InputError: The file is not JSON, holds nothing, or has a key twice in one object.
    """
    lines = ((number, line) for number, line in numbered_lines(path) if line.strip())
    first, second = next(lines, None), next(lines, None)
    if first is None:
        raise no_sentence(path)
    try:
        one_per_line = _inner(json.loads(first[1])) is None or second is not None
    except (ValueError, RecursionError):
        one_per_line = False
    if one_per_line:
        rest: Iterable[tuple[int, str]] = itertools.chain(filter(None, [first, second]), lines)
        for number, line in rest:
            yield {"line": number}, _parse(line, path, number)
        return
    whole = _parse("\n".join(read_lines(path)), path, 1)
    inner = _inner(whole)
    for number, value in enumerate([whole] if inner is None else inner, 1):
        yield {"record": f"record {number}"}, value


def is_pair(value: object) -> bool:
    """Whether it is spaCy's pair of a text and its entities, `["東京", {"entities": [...]}]`.

    Some tools write the list of entities without the object around it.
    """
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return isinstance(value[1], dict) or (
        isinstance(value[1], list) and all(isinstance(item, list) for item in value[1])
    )


def _inner(value: object) -> list[object] | None:
    """The records in a JSON value; None if it is a record itself."""
    if isinstance(value, list):
        return None if is_pair(value) else value
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("data"), list):
        return value["data"]
    if isinstance(value.get("text"), str) or isinstance(value.get("tokens"), list):
        return None
    lists = [item for item in value.values() if isinstance(item, list) and any(map(_is_one, item))]
    return lists[0] if len(lists) == 1 else None


def _is_one(value: object) -> bool:
    """Whether a member of a list is a record: a pair, or an object with a text or with tokens."""
    if isinstance(value, Mapping):
        # A span has a text, too, but a place as well; a turn of a chat has a role.
        texts = isinstance(value.get("text", value.get("content")), str)
        return (texts and not {"end", "role"} & {*value}) or isinstance(value.get("tokens"), list)
    return is_pair(value)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of a list of keys and values."""
    value = dict(pairs)
    if len(value) < len(pairs):
        [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise _DuplicateKeyError(key)
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _parse(text: str, path: Path, line: int) -> object:
    try:
        return _DECODER.decode(text)
    except _DuplicateKeyError as error:
        several = "\n" in text
        raise InputError(
            f"an object has the key {str(error)!r} twice",
            path=path,
            line=None if several else line,
            remedy="Leave one of them out, or rename it.",
        ) from error
    except json.JSONDecodeError as error:
        source = _SOURCE.match(text) is not None
        raise InputError(
            "Python's or JavaScript's notation, not JSON"
            if source
            else f"not JSON ({error.msg} at column {error.colno})",
            path=path,
            line=line + error.lineno - 1,
            remedy="Write it with json.dump."
            if source
            else "Write one JSON object a line, or one list of objects.",
        ) from error
    except (ValueError, RecursionError) as error:
        # Python reads whole numbers of thousands of digits only on demand.
        deep = isinstance(error, RecursionError)
        raise InputError(
            "brackets are nested too deeply" if deep else "a number has too many digits",
            path=path,
            line=line,
            remedy="Write one JSON object a line, or one list of objects.",
        ) from error
