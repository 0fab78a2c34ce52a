"""Decide whether the text of a link is a name of what it links to, and give the reason if not."""

from __future__ import annotations

import re
from collections.abc import Collection

from eatner.text.folding import fold_name
from eatner.text.languages import Language
from eatner.wiki.names import name_fault
from eatner.wiki.titles import Wiki, bare_title


def surface_fault(surface: str, target: str, title: str, wiki: Wiki, language: Language) -> str:
    """Why a link's text is no name of what it links to; empty if it is one.

    Args:
        surface: Text of the link.
        target: Title that the link names, before redirects.
        title: Title that it leads to, after redirects.
        wiki: All titles of the wiki.
        language: Language of the wiki.
    """
    if not any(char.isalpha() for char in surface):
        return "number or sign"
    if re.fullmatch(r"[\d\s\W]*\d[\d\s\W]*\w{0,2}", surface):
        return "date or number"
    if language.cased and not any(char.isupper() for char in surface):
        return "common noun"
    own = wiki.resolve(surface)
    if own == title or surface == bare_title(target):
        return ""
    folded = fold_name(surface)
    names = [
        name
        for page in dict.fromkeys((target, title))
        for name in (bare_title(page), *_turned(bare_title(page)))
    ]
    if any(folded == fold_name(name) for name in names):
        return ""
    part = any(_is_part(surface, name, language) for name in names)
    # An alias may lead to a section: that is a thing of its own.
    if own in wiki.other or own in wiki.english or "#" in own:
        # "Washington" may well be George, but "university" is not the one of Oxford.
        english = wiki.english.get(own, "")
        return "" if part and english and not name_fault(english) else "names another page"
    if part or any(_is_variant(surface, folded, name, language) for name in names):
        return ""
    if any(_derived(folded, fold_name(name), language) for name in names):
        return "not the name"
    uses = wiki.uses[surface, title]
    if (
        uses >= 2
        and uses >= 0.8 * wiki.links[surface]
        and not _demonym(folded, wiki.forms.get(title, ()), language)
    ):
        return ""
    return "not the name"


def _demonym(folded: str, forms: Collection[str], language: Language) -> bool:
    """Whether a surface is an adjective or a people, by its ending: אמריקאי of the United States.

    An ending of one letter proves nothing in an alphabet, unless another form of the same name is
    known: أمريكي beside أمريكا.
    """
    endings = {
        ending
        for ending in language.demonyms
        if folded.endswith(ending) and ending not in language.endings
    }
    shortest = 1 if language.script in {"Hani", "Jpan", "Kore"} else 2
    if any(len(ending) >= shortest for ending in endings):
        return True
    stems = (folded[common:] for form in forms if (common := _common(folded, form)) > 2)
    return not endings.isdisjoint(stems)


def _turned(name: str) -> list[str]:
    """The spoken forms of a title whose last name comes first.

    "Толстой, Лев Николаевич" is called Лев Николаевич Толстой, Лев Толстой and Толстой.
    """
    last, comma, first = (part.strip() for part in name.partition(","))
    if not comma or not first or "," in first:
        return []
    return [f"{first} {last}", f"{first.split()[0]} {last}", last]


def _is_part(surface: str, name: str, language: Language) -> bool:
    """Whether a surface is what people are called by: the last words of a name."""
    words = [fold_name(word) for word in PARTS.split(name) if word]
    mine = [fold_name(word) for word in PARTS.split(surface) if word]
    if not 0 < len(mine) < len(words) or len(words) > 5:
        return False
    last = words[-len(mine) :]
    if not language.spaces:
        return last == mine
    return all(_inflected(word, part, language) for word, part in zip(mine, last, strict=True))


def _is_variant(surface: str, folded: str, name: str, language: Language) -> bool:
    if language.spaces:
        return _inflected(folded, fold_name(name), language) or _whole_words(
            surface, name, language
        )
    # 早稲田 for 早稲田大学: at least half of it, and from its beginning.
    whole = fold_name(name)
    return (2 * len(folded) >= len(whole) and len(folded) > 1 and whole.startswith(folded)) or (
        folded.startswith(whole)
        and len(folded) <= len(whole) + 2
        and folded[len(whole) :] not in language.demonyms
    )


def _whole_words(surface: str, name: str, language: Language) -> bool:
    words, parts = surface.casefold().split(), name.casefold().split()
    return len(words) == len(parts) and all(
        _inflected(word, part, language) for word, part in zip(words, parts, strict=True)
    )


PARTS = re.compile(r"[\s・·‧･＝=]+")


def _inflected(word: str, name: str, language: Language) -> bool:
    """Whether two words differ in a short ending only, and not in one like that of "Russian"."""
    if word == name:
        return True
    common = _common(word, name)
    longest = max(len(word), len(name))
    return (
        common >= 3
        and longest - common <= 3
        and common >= 0.6 * longest
        and not _derived(word, name, language)
    )


def _common(word: str, name: str) -> int:
    """The length of the beginning that two words share."""
    pairs = enumerate(zip(word, name, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(word), len(name)))


def _derived(word: str, name: str, language: Language) -> bool:
    """Whether two words differ in an ending that makes another word: Russia, Russian."""
    common = _common(word, name)
    return common >= 2 and not {word[common:], name[common:]}.isdisjoint(language.demonyms)
