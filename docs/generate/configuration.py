"""The reference of the configuration, made from its schema: keys, types, defaults, meanings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from generate.markdown import cell, table

INTRODUCTION = """# Configuration

Every key that a configuration file may have. [Your own text](../how-to/your-text.md) and the other
how-to pages show which of them a task needs.

- `config/config.yaml` is the default. Write what differs into a file of your own and pass it:
  `snakemake --configfile mine.yaml ...`. For a key or two:
  `--config 'default={tagger: spacy-sm-conll}'`. Sections are merged, so a new component is added to
  those that exist.
- Every key is checked against the schema, and every name and path is looked up, before any job
  starts. The error for a misspelt name suggests the nearest one that exists.
- YAML reads some values as another type. Where only one meaning is possible, eatner takes it:
  `language: no` is Norwegian, `date: 20260101` a date, `learning_rate: 1e-4` a number. Otherwise
  the error shows how to quote the value.
- Paths are relative to the folder in which the workflow runs. What is not there, such as the sample
  wikis, is looked for in the project.
- Cores, memory, time and partitions belong to `profiles/`, not here.
"""
_REFERENCE = "#/$defs/"
_NAMES = {"str": "text", "string": "text", "integer": "whole number", "boolean": "true or false"}
Schema = Mapping[str, Any]


def page(path: Path) -> str:
    """Write the page.

    Args:
        path: Path of config.schema.yaml.
    """
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    definitions = schema["$defs"]
    top = [
        [f"[`{name}`](#{name})", _type(one, definitions), _default(one), _meaning(one, definitions)]
        for name, one in schema["properties"].items()
    ]
    blocks = [INTRODUCTION, "## Sections\n\n" + table(["key", "type", "default", "meaning"], top)]
    seen: set[str] = set()
    for name, section in schema["properties"].items():
        said = "" if section.get("$ref") == _REFERENCE + name else section.get("description", "")
        blocks.append(f"## {name}\n" + (f"\n{cell(said)}\n" if said else ""))
        for other in _reached(section, definitions):
            if other not in seen and "properties" in definitions[other]:
                seen.add(other)
                heading = "" if other == name else f"### {_heading(other)}\n\n"
                blocks.append(heading + _definition(definitions[other], definitions))
    return "\n".join(blocks)


def keys(path: Path) -> set[str]:
    """The names of all keys of the schema, at any depth."""
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = set(schema["properties"])
    for definition in schema["$defs"].values():
        found |= set(definition.get("properties", ()))
    return found


def _reached(schema: Any, definitions: Schema) -> Iterator[str]:
    """The definitions that a part of the schema leads to, in the order of the text."""
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "$ref":
                name = value.removeprefix(_REFERENCE)
                yield name
                yield from _reached(definitions[name], definitions)
            elif key != "propertyNames":
                yield from _reached(value, definitions)
    elif isinstance(schema, list):
        for one in schema:
            yield from _reached(one, definitions)


def _definition(definition: Schema, definitions: Schema) -> str:
    lines = [cell(definition["description"]), ""]
    needed = [f"`{key}`" for key in definition.get("required", ()) if key != "kind"]
    if needed:
        lines += [f"Required: {', '.join(needed)}.", ""]
    for word, some in (("One of these is needed", "oneOf"), ("At least one is needed", "anyOf")):
        if some in definition:
            sets = [" and ".join(f"`{key}`" for key in one["required"]) for one in definition[some]]
            lines += [f"{word}: {'; '.join(sets)}.", ""]
    rows = [
        [f"`{key}`", _type(one, definitions), _default(one), _meaning(one, definitions)]
        for key, one in definition.get("properties", {}).items()
    ]
    lines.append(table(["key", "type", "default", "meaning"], rows))
    kinds = [
        f"- `{one['if']['properties']['kind']['const']}`: {_link(one['then']['$ref'])}\n"
        for one in definition.get("allOf", ())
        if "kind" in one.get("if", {}).get("properties", ())
    ]
    lines += [f"\n{said}" for said in _conditional(definition)]
    return "\n".join([*lines, *(["Further keys, by kind:\n", "".join(kinds)] if kinds else [])])


def _conditional(definition: Schema) -> Iterator[str]:
    """Say which defaults of a definition hold only with another key."""
    for one in definition.get("allOf", ()):
        for given in one.get("if", {}).get("required", ()):
            for name, default in _defaults(one["then"]):
                yield f"With `{given}`, the default of `{name}` is `{default}`.\n"


def _defaults(schema: Schema, above: str = "") -> Iterator[tuple[str, Any]]:
    """The defaults of a part of the schema, by the dotted names of their keys."""
    for key, value in schema.get("properties", {}).items():
        if "default" in value:
            yield above + key, value["default"]
        yield from _defaults(value, f"{above}{key}.")


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _link(reference: str) -> str:
    name = reference.removeprefix(_REFERENCE)
    return f"[{_heading(name)}](#{name.replace('_', '-')})"


def _meaning(schema: Schema, definitions: Schema) -> str:
    said = schema.get("description")
    if said is None and "$ref" in schema:
        said = definitions[schema["$ref"].removeprefix(_REFERENCE)]["description"]
    return cell(said or "")


def _type(schema: Schema, definitions: Schema) -> str:
    if "$ref" in schema:
        definition = definitions[schema["$ref"].removeprefix(_REFERENCE)]
        is_section = "properties" in definition
        return _link(schema["$ref"]) if is_section else _type(definition, definitions)
    if "enum" in schema:
        return ", ".join(f"`{'null' if word is None else word}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    names = ["null" if kind == "null" else _NAMES.get(kind, kind) for kind in kinds]
    if kinds == ["array"]:
        return f"list of {_type(schema['items'], definitions)}"
    if kinds == ["object"]:
        values = schema.get("additionalProperties")
        if not isinstance(values, Mapping):
            return "keys and values"
        return f"names, each with {_type(values, definitions)}"
    return " or ".join(names) + _limits(schema)


def _limits(schema: Schema) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {schema[key]}" for key, sign in signs.items() if key in schema]
    return f", {', '.join(limits)}" if limits else ""


def _default(schema: Schema) -> str:
    if "default" not in schema:
        return ""
    value = schema["default"]
    if isinstance(value, str):
        return f"`{value}`"
    written = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return f"`{written.removesuffix('...' + chr(10)).strip()}`"
