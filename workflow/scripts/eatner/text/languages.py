"""What differs between languages, as a table; a language without a row has what its script says.

The columns of `languages.tsv`; a list is written with bars between its items:

- code, name, script (ISO 15924), wiki (the dumps' name of the wiki)
- marks: the characters that end a sentence
- spaces: whether spaces separate words
- ordinals: whether a full stop makes an ordinal of a number ("am 3. Oktober")
- romanisation: the library that writes the script in Latin letters: uroman, pykakasi or none
- trail: the letters that MediaWiki draws into a link that they follow, as a character class
- disambiguation_templates, disambiguation_titles: what marks a disambiguation page
- list_titles: regular expressions of the titles of lists
- namespaces: this wiki's names of the file and category namespaces, old ones too
- prefixes, suffixes: what a name may carry inside one written word
- endings: what a name loses before a suffix: ბერლინი, ბერლინში
- demonyms: endings that make another word of a name: Russia, Russian
- honorifics: words beside a name that are no part of it
- abbreviations: words whose full stop ends no sentence
- doubtful: affixes and honorifics that names end or begin with too: 우크라이나, श्री लंका, L'Oréal

`scripts.tsv` has the columns script, marks, spaces and abbreviations, for languages without a row.
Its marks are those that Unicode calls sentence terminals (PropList.txt) in a script, with `.!?`,
which text of the web has in nearly all of them. They hold for every language of a script: Marathi
and Konkani write a full stop where Hindi writes a danda, and neither writes the other's elsewhere.
CLDR is of no more use here: its punctuation of Kashmiri, Santali and Manipuri is English's.
`Zzzz` is the row of all other scripts. A language may be written in a script that is not its usual
one (Mongolian, Sindhi, Meitei, Serbian), so marks that can mean nothing else end its sentences too.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eatner import tsv
from eatner.errors import InputError

log = logging.getLogger(__name__)
TABLE = Path(__file__).with_name("languages.tsv")
SCRIPTS = Path(__file__).with_name("scripts.tsv")
_OTHER_SCRIPT = "Zzzz"
# Marks that end a sentence in some scripts and not in others.
_AMBIGUOUS = ".:;!?…．；"
_TEXT = ("code", "name", "script", "marks", "romanisation", "wiki", "trail")
_FLAGS = ("spaces", "ordinals")
_LISTS = (
    "disambiguation_templates",
    "disambiguation_titles",
    "list_titles",
    "namespaces",
    "prefixes",
    "suffixes",
    "endings",
    "demonyms",
    "honorifics",
    "abbreviations",
    "doubtful",
)
# Wikipedia's own codes, and those that they stand for.
_WIKI_CODES = {
    "als": "gsw",
    "bat-smg": "sgs",
    "be-x-old": "be-tarask",
    "bh": "bho",
    "cbk-zam": "cbk",
    "eml": "egl",
    "fiu-vro": "vro",
    "map-bms": "jv",
    "mo": "ro",
    "no": "nb",
    "roa-rup": "rup",
    "roa-tara": "nap",
    "simple": "en",
    "sr-ec": "sr-cyrl",
    "sr-el": "sr-latn",
    "zh-classical": "lzh",
    "zh-min-nan": "nan",
    "zh-yue": "yue",
}
# Scripts of wikis where CLDR knows none or says another.
_SCRIPT_OF = {
    "arc": "Syrc",
    "azb": "Arab",
    "cdo": "Latn",
    "grc": "Grek",
    "hak": "Latn",
    "hyw": "Armn",
    "mni": "Mtei",
    "mvf": "Mong",
    "nan": "Latn",
    "ryu": "Jpan",
}


@dataclass(frozen=True, slots=True)
class Script:
    """One row of the table of scripts."""

    code: str
    marks: str
    spaces: bool
    abbreviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """One row of the table; see the module's text for the columns."""

    code: str
    name: str
    script: str
    marks: str
    spaces: bool
    ordinals: bool
    romanisation: str
    wiki: str
    trail: str
    disambiguation_templates: tuple[str, ...]
    disambiguation_titles: tuple[str, ...]
    list_titles: tuple[str, ...]
    namespaces: tuple[str, ...]
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    endings: tuple[str, ...]
    demonyms: tuple[str, ...]
    honorifics: tuple[str, ...]
    abbreviations: tuple[str, ...]
    doubtful: tuple[str, ...]

    @property
    def cased(self) -> bool:
        """Whether the script has capitals, so that a name begins with one."""
        return self.script in {"Latn", "Cyrl", "Grek", "Armn"}

    @property
    def leftward(self) -> bool:
        """Whether the script is written from right to left."""
        return self.script in {"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}


@cache
def known() -> dict[str, Language]:
    """All languages by code, in the table's order.

    Raises:
        InputError: The table lacks a column or a row of it is broken.
    """
    languages: dict[str, Language] = {}
    for line, row in enumerate(tsv.read(TABLE, (*_TEXT, *_FLAGS, *_LISTS)), 2):
        code = row["code"]
        flags = {name: row[name] for name in _FLAGS}
        if not set(flags.values()) <= {"yes", "no"} or not code or code in languages:
            raise InputError(
                f"code {code!r} with {flags}",
                path=TABLE,
                line=line,
                remedy="Give every language one row, and yes or no under spaces and ordinals.",
            )
        values: dict[str, Any] = {name: row[name] for name in _TEXT}
        values |= {name: flag == "yes" for name, flag in flags.items()}
        values |= {name: _items(row[name]) for name in _LISTS}
        languages[code] = Language(**values)
    return languages


@cache
def scripts() -> dict[str, Script]:
    """All scripts of the table of scripts by code."""
    rows = tsv.read(SCRIPTS, ("script", "marks", "spaces", "abbreviations"))
    return {
        row["script"]: Script(
            row["script"], row["marks"], row["spaces"] == "yes", _items(row["abbreviations"])
        )
        for row in rows
    }


def _items(value: str) -> tuple[str, ...]:
    return tuple(filter(None, value.split("|")))


def get(code: str) -> Language:
    """The language of a code, such as ``ja``: its row, or what is known of it without one.

    Raises:
        InputError: No row, and no language of ISO 639 either.
    """
    return known().get(code) or by_default(code)


@cache
def by_default(code: str) -> Language:
    """A language that has no row: its name and script by CLDR, the rest as its script has it.

    Marks, spaces and abbreviations are those of `scripts.tsv`, and the log says so. Nothing is
    known of its wiki's own names and of what a name carries inside a word.

    Args:
        code: A code of ISO 639, as Wikipedia uses it: ``it``, ``my``, ``zh-yue``.

    Raises:
        InputError: No such language.
    """
    from langcodes import Language as Tag
    from langcodes import tag_is_valid

    known_as = _WIKI_CODES.get(code, code)
    if not re.fullmatch("[a-z]{2,3}(-[a-z]+)*|simple", code) or not tag_is_valid(known_as):
        meant = re.split("[-_]", code.strip().lower())[0]
        near = f"Did you mean {meant!r}? " if meant != code and meant in known() else ""
        raise InputError(
            f"unknown language {code!r}",
            remedy=f"{near}Give its code of ISO 639 in lower case, such as {' '.join(known())}.",
        )
    tag = Tag.get(known_as).maximize()
    script = _SCRIPT_OF.get(known_as, tag.script or _OTHER_SCRIPT)
    script = "Hani" if script in ("Hans", "Hant") else script
    alike = scripts().get(script) or scripts()[_OTHER_SCRIPT]
    everywhere = dict.fromkeys("".join(each.marks for each in scripts().values()))
    foreign = "".join(mark for mark in everywhere if mark not in alike.marks + _AMBIGUOUS)
    abbreviations = tuple(word for each in scripts().values() for word in each.abbreviations)
    log.info(
        "%s (%s) has no row in %s: sentences end at %s, as in its script (%s); what is written in "
        "another script ends at the marks of that",
        tag.language_name(),
        code,
        TABLE.name,
        " ".join(alike.marks),
        script,
    )
    no_lists: dict[str, Any] = dict.fromkeys(_LISTS, ())
    return Language(
        **no_lists | {"abbreviations": abbreviations},
        code=code,
        name=tag.language_name(),
        script=script,
        marks=alike.marks + foreign,
        spaces=alike.spaces,
        ordinals=False,
        romanisation={"Latn": "none", "Jpan": "pykakasi"}.get(script, "uroman"),
        wiki=f"{code.replace('-', '_')}wiki",
        trail="a-z",
    )
