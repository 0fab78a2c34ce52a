"""The schema of the configuration: what it refuses, what it understands, what it fills in.

YAML gives some unquoted words a type that was not meant: `no` is false, 20260101 is a number,
2026-01-01 is a date, 1e-4 is a text. Snakemake's `--config` leaves a number or a null inside a
value as text. A value that can mean only one thing is understood; any other is refused.
"""

from __future__ import annotations

import copy
import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

from eatner.errors import InputError

EXPLAINED = "Every key is explained in workflow/schemas/config.schema.yaml."
# The length of a commit's name. YAML reads leading zeros as octal, which gives fewer digits.
COMMIT_DIGITS = 40
DATE_DIGITS = 8
DEEPEST = 50


def _pattern(
    validator: Draft202012Validator, pattern: str, value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Match a pattern to the end of a text; `$` would let a line feed follow, also in a path."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = validators.extend(Draft202012Validator, {"pattern": _pattern})


def read(path: Path) -> Draft202012Validator:
    """Read the schema.

    Args:
        path: Path of config.schema.yaml.
    """
    # libyaml if it is built in: the schema is long, and every plan and every job reads it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _Validator(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))


def refuse_unwritable(values: Mapping[str, Any]) -> None:
    """Refuse what YAML can hold and neither JSON nor a table can, and nesting without end.

    Args:
        values: The configuration as Snakemake read it.

    Raises:
        InputError: A number that is none or infinite, bytes, half a character, a date in a request,
            nesting beyond `DEEPEST`.
    """
    left: list[tuple[tuple[str, ...], Any]] = [((), values)]
    while left:
        path, value = left.pop()
        if isinstance(value, Mapping | list | tuple):
            if len(path) >= DEEPEST:
                raise InputError(
                    f"values are nested more than {DEEPEST} deep",
                    record=".".join(["configuration", *path[:5], "..."]),
                    remedy="Correct its brackets or its indentation.",
                )
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            left += [((*path, str(key)), below) for key, below in pairs]
            continue
        problem = _unwritable(path, value)
        if problem:
            where = ".".join(["configuration", *path])
            raise InputError(problem[0], record=where, remedy=problem[1])


def _unwritable(path: Sequence[str], value: Any) -> tuple[str, str] | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is no number that can be used here", "Give a finite number."
    if isinstance(value, bytes | set):
        return f"a value of YAML's type {type(value).__name__}", "Give a text."
    if isinstance(value, date) and "request" in path:
        return f"YAML reads {value} as a date, which JSON has not", f'Quote it: "{value}".'
    if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
        return "a text holds half of a character (a lone surrogate)", "Write it anew."
    return None


def check(values: dict[str, Any], schema: Draft202012Validator) -> None:
    """Check a configuration against the schema.

    Args:
        values: The configuration as Snakemake read it. A value of the wrong type that can mean
            only one thing is replaced, in place.
        schema: What `read` returns.

    Raises:
        InputError: The schema does not know a key or a value.
    """
    errors = list(schema.iter_errors(values))
    if not errors:
        return
    # First the keys, and then the schema again, because errors below a key name the key.
    for error in filter(_is_about_a_key, errors):
        _mend(values, error, schema)
    for error in list(schema.iter_errors(values)):
        _mend(values, error, schema)
    error = best_match(schema.iter_errors(values))
    if error is not None:
        where = ".".join(["configuration", *map(str, error.absolute_path)])
        problem, remedy = _explain(error)
        raise InputError(problem, record=where, remedy=f"{remedy}{EXPLAINED}")


def fill(values: dict[str, Any], schema: Draft202012Validator) -> None:
    """Fill in the schema's defaults, in place, as `snakemake.utils.validate` does.

    Also turns the text "null", which `--config` leaves inside a value, into null where null is
    allowed.

    Args:
        values: A configuration that `check` has passed.
        schema: What `read` returns.
    """
    _fill(values, schema, schema.schema)


def _fill(value: Any, schema: Draft202012Validator, part: Mapping[str, Any]) -> None:
    """Fill in the defaults of the part of the schema for a value."""
    # In the order of the keywords: of two defaults for one key, the first counts.
    for keyword, given in part.items():
        if keyword == "$ref":
            _fill(value, schema, schema.schema["$defs"][given.removeprefix("#/$defs/")])
        elif keyword == "allOf":
            for condition in given:
                _fill(value, schema, condition)
        elif keyword == "if" and schema.evolve(schema=given).is_valid(value):
            _fill(value, schema, part["then"])
        elif isinstance(value, dict) and keyword == "properties":
            _fill_properties(value, schema, given)
        elif isinstance(value, dict) and keyword == "additionalProperties" and given:
            for name in value.keys() - part.get("properties", {}).keys():
                _fill(value[name], schema, given)


def _fill_properties(
    value: dict[str, Any], schema: Draft202012Validator, properties: Mapping[str, Any]
) -> None:
    for name, given in properties.items():
        if "default" in given:
            value.setdefault(name, copy.deepcopy(given["default"]))
        if value.get(name) == "null" and "null" in given.get("type", ()):
            value[name] = None
    for name, given in properties.items():
        if name in value:
            _fill(value[name], schema, given)


def _mend(values: dict[str, Any], error: ValidationError, schema: Draft202012Validator) -> None:
    """Replace the value, or the key, that an error is about, if it can mean only one thing."""
    if not error.absolute_path:
        return
    allowed = schema.evolve(schema=error.schema)
    meant = next((reading for reading in _readings(error) if allowed.is_valid(reading)), error)
    if meant is error:
        return
    *above, last = error.absolute_path
    holder = values
    for key in above:
        holder = holder[key]
    if not _is_about_a_key(error):
        holder[last] = meant
    elif meant not in holder[last]:
        renamed = {meant if key is error.instance else key: v for key, v in holder[last].items()}
        holder[last] = renamed


def _readings(error: ValidationError) -> Iterator[Any]:
    """Yield the other things that the value of an error can mean under its key."""
    value = error.instance
    key = next((key for key in reversed(error.absolute_path) if isinstance(key, str)), "")
    if isinstance(value, str):
        if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value):
            number = float(value)
            yield int(number) if number.is_integer() else number
        # Whoever writes 010 may mean ten or, as YAML does, eight.
        elif re.fullmatch(r"(?![-+]?0\d)[-+.\w]*|~", value):
            read = yaml.safe_load(value)
            yield f"{read:%Y%m%d}" if isinstance(read, date) and key == "date" else read
    elif value is False:
        if key in ("language", "wikis"):
            yield "no"  # Norwegian; no language has the code `off` or `false`
    elif isinstance(value, date):
        if key == "date":
            yield f"{value:%Y%m%d}"
    elif isinstance(value, int):
        digits = {"date": DATE_DIGITS, "revision": COMMIT_DIGITS}.get(key)
        if len(str(value)) == digits:
            yield str(value)


def _is_about_a_key(error: ValidationError) -> bool:
    return "propertyNames" in error.absolute_schema_path


def _explain(error: ValidationError) -> tuple[str, str]:
    """Return what is wrong, and what to do about it, which is empty or ends with a space."""
    if error.validator == "type" and "string" in error.validator_value and _is_unquoted(error):
        return _explain_unquoted(error)
    if error.instance is None and error.validator in ("type", "enum"):
        return (
            "there is no value here: YAML reads an empty place, null and ~ as none",
            "Give one (quoted, if it is one of these words), or leave the key out. ",
        )
    if error.validator in ("oneOf", "anyOf"):
        ways = [
            " and ".join(f"`{key}`" for key in way["required"]) for way in error.validator_value
        ]
        given = ", ".join(f"`{key}`" for key in error.instance)
        number = "exactly one of" if error.validator == "oneOf" else "one of"
        return (
            f"{number} {', '.join(ways)} must be given, but there are {given}",
            "A file passed with --configfile adds to config.yaml: choose another name. ",
        )
    if error.validator == "dependentRequired":
        return f"{error.message}: give both", ""
    if error.validator == "not":
        return f"the name {error.instance!r} is taken", ""
    if error.validator == "additionalProperties" and "properties" in error.schema:
        known = error.schema["properties"]
        unknown = [str(key) for key in error.instance if key not in known]
        close = [near for key in unknown for near in difflib.get_close_matches(key, known, n=1)]
        meant = "".join(f"Did you mean {key!r}? " for key in close)
        return error.message, f"{meant}Known here: {', '.join(known)}. "
    return error.message, ""


def _is_unquoted(error: ValidationError) -> bool:
    return isinstance(error.instance, bool | int | float | date)


def _explain_unquoted(error: ValidationError) -> tuple[str, str]:
    """Explain that YAML read a value as something other than a text, and how to quote it."""
    value = error.instance
    if isinstance(value, bool):
        read_as = "true or false, as it does with yes, no, on and off"
        written = "yes" if value else "no"
    else:
        read_as = "a date" if isinstance(value, date) else f"the number {value}"
        written = str(value)
    last = error.absolute_path[-1]
    example = f'{last}: "{written}"' if isinstance(last, str) else f'- "{written}"'
    what = "this"
    if _is_about_a_key(error):
        what, example = "a key here", f'"{written}": ...'
    return (
        f"{what} must be a text, and YAML reads it as {read_as}",
        f"Quote it as you wrote it, such as `{example}`. ",
    )
