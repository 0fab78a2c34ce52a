"""Decide whether an English title is a name, and give the reason if it is none."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from eatner import tsv
from eatner.wiki.titles import QUALIFIER


def _read_words() -> dict[str, frozenset[str]]:
    table = Path(__file__).with_suffix(".tsv")
    return {
        row["list"]: frozenset(row["words"].split()) for row in tsv.read(table, ("list", "words"))
    }


_WORDS = _read_words()
_SMALL = _WORDS["small"]
_MONTHS = _WORDS["months"]
_WEEK = _WORDS["days"]
_DATE = re.compile(
    rf"(?:\d[\d.,:/–-]*(?:st|nd|rd|th|s|%)?(?: (?:BC|AD|BCE|CE|{'|'.join(sorted(_MONTHS))}))?"
    rf"|(?:AD|BC) \d+|(?:{'|'.join(sorted(_MONTHS))})(?: \d+)?|{'|'.join(sorted(_WEEK))}"
    r"|\d*(?:st|nd|rd|th)[ -](?:century|millennium).*|.*\b(?:century|millennium)(?: BCE?| AD)?"
    r"|\d+s?(?: BCE?| AD)|[\d\s\W]+|\d+ in .*)$"
)
_LIST = re.compile(r"(?:Lists? of|Index of|Outline of|Timeline of|Table of|Comparison of)\b")
_TOPICS = _WORDS["topics"]
_CLASSES = re.compile(
    r".*(?:ism|[ol]ogy|graphy|metry|nomy|sophy|itis|osis|[iy][sz]ation|nation|ency|ivity|ility|"
    r"scope|troph|culture|ogen|genesis|poeia|lysis|phobia|philia|cracy|archy|plasty|ectomy|"
    r"oscopy|aemia|emia|uria|pathy|algia|mycin|azole|caine|cillin|phyll|phyte|therm|thesis|esis|metria|trophy|flagellate|[^aeiou]oid|"
    r"borane|cium|dium|nium|mium|hydrate|amine|sulfide|oxide|chloride|prole|vir|prazole|stone)s?$"
)
_TAXA = re.compile(
    r"(?:idae|inae|oidea|aceae|ales|formes|saur(?:us|ia)|suchus|therium|pter(?:a|yx)|poda?|phyta|"
    r"mycota|opsida|ariida|dentata|chordata|zoa|cetes|phyceae|dactyl[aus]*|bacteria|viridae|cypris"
    r"|(?<!l)odela|vora|i?ida|chida|ygii|thyes|iformes)$"
)
_PEOPLE = re.compile(r"(?:ians?|[^j]ans|[n-z]ese|[nl]ish|ites|ards|eeks|asids?|[ie]bids?)$")
_TONGUES = _WORDS["tongues"]
# Names that the dictionaries list as words too (china, turkey, nice).
_NAMES_TOO = _WORDS["names"]
_CLASS_QUALIFIER = re.compile(
    r"(?i)(?:given name|name|surname|word|disambiguation|unit|letter|number|color|colour|law|"
    r"physics|chemistry|biology|mathematics|linguistics|music|genre|sport|food|animal|"
    r"plant|bird|fish|genus|profession|title|concept|philosophy|computing|instrument|religion|"
    r"language|currency|anatomy|medicine|geometry|economics|finance|geology|geography)$"
)


@lru_cache(maxsize=1 << 16)
def name_fault(english: str) -> str:
    """Why an English title names no single person, place, organisation or work; empty if it does.

    English writes names with capitals, and Wikipedia writes its titles like text: "Solar eclipse"
    but "Bank of England". The first word always has a capital, so a title of one word is looked
    up in two dictionaries (Hunspell's en_US, lemminflect), and words of science are recognised by
    their endings.

    Args:
        english: A title of the English Wikipedia, with its disambiguator.
    """
    bare = QUALIFIER.sub("", english).strip()
    qualifier = english[len(bare) :].strip(" ()")
    if not bare or not any(char.isalpha() for char in bare):
        return "number or sign"
    if ":" in bare.partition(" ")[0]:
        return "other namespace"
    if _LIST.match(bare):
        return "list"
    if _DATE.match(bare):
        return "date or number"
    if _CLASS_QUALIFIER.search(qualifier):
        return "common noun"
    words = bare.replace("/", " ").split()
    if len(words) == 1:
        return _word_fault(bare)
    content = [word.strip("'\"“”.,!?") for word in words[1:] if word.lower() not in _SMALL]
    content = [word for word in content if word and not word[0].isdigit()]
    if re.match(r"(?:Early|Lower|Middle|Late|Upper) \w+(?:ian|ic|ous|ene)$", bare):
        return "date or number"
    if not content and len(words) > 1:
        return _word_fault(words[0])
    last = content[-1].lower().rpartition("-")[2]
    if last in _TONGUES or last.removesuffix("s") in _TONGUES:
        return "people or language"
    head = words[0].lower().strip(",'")
    if head in _TOPICS and (words[1].lower() in ("of", "in", "and", "by") or " of " in bare):
        return "topic"
    if any(word[0].islower() and not _inner_capital(word) for word in content):
        return "common noun"
    return ""


def _inner_capital(word: str) -> bool:
    """eBay, al-Qaeda, d'Azur: names that begin with a small letter."""
    return any(char.isupper() for char in word)


def _word_fault(word: str) -> str:
    if len(word) < 3 and word.isascii():
        return "number or sign"
    if word in _NAMES_TOO or _inner_capital(word[1:]):
        return ""
    lower = word.lower()
    if lower in _TOPICS or lower in _dictionary() or lower.endswith("ism"):
        return "common noun"
    last = lower.rpartition("-")[2]
    if last in _TONGUES or last.removesuffix("s") in _TONGUES or _PEOPLE.search(lower):
        return "people or language"
    if word in _dictionary():
        return ""
    if _CLASSES.match(lower) or _is_word(lower):
        return "common noun"
    for prefix in _WORDS["prefixes"]:
        rest = lower.removeprefix(prefix).lstrip("-")
        if rest != lower and len(rest) > 3 and _is_word(rest):
            return "common noun"
    if last != lower and _is_word(last):
        return "common noun"
    return "class of living things" if _TAXA.search(lower) else ""


@cache
def _dictionary() -> frozenset[str]:
    """The words of Hunspell's en_US, which the package spylls ships; names have a capital."""
    table = files("spylls") / "hunspell" / "data" / "en" / "en_US.dic"
    lines = table.read_text(encoding="utf-8").splitlines()
    return frozenset(line.partition("/")[0] for line in lines[1:])


def _is_word(lower: str) -> bool:
    """Whether it is a common word, as it is or in the plural; the second dictionary has its forms.

    A verb makes no title but as a gerund: "Swimming" is a word, "Shanghai" is not.
    """
    words = _dictionary()
    if lower in words or lower.removesuffix("s") in words:
        return True
    # Imported here: it imports spaCy, which no user of the lexicon needs.
    from lemminflect import getAllLemmas

    kinds = set(getAllLemmas(lower))
    return bool(kinds - {"VERB"}) or (bool(kinds) and lower.endswith("ing"))
