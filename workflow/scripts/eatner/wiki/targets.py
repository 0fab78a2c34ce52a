"""What a link leads to: the namespaces and prefixes of a wiki, and the canonical form of titles."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from eatner.wiki.markup import HOLE

FILE_ENDING = re.compile(
    r"\.(?:jpe?g|png|svg|gif|tiff?|webp|og[gva]|webm|mp[34]|wav|pdf|djvu)\s*(?:\||$)", re.IGNORECASE
)
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_LANGUAGE_PREFIX = re.compile(
    r"(?:[a-z]{2,3}|simple|(?:zh|be|bat|roa|fiu|map|nds|cbk)-[a-z-]{2,12})\Z"
)


LinkKind = Literal["link", "hidden", "language", "none"]
"""`link`: to an article; `hidden`: a file or a category, of which the text shows nothing;
`language`: the same page of another wiki, likewise; `none`: shown, but not to an article."""


@dataclass(frozen=True, slots=True)
class Names:
    """How this wiki names its namespaces, all in lower case.

    Attributes:
        hidden: Names of the namespaces whose links show nothing: files and categories.
        other: All further namespaces and interwiki prefixes, whose links are shown.
        case: Whether the first letter of a title may be written in either case.
    """

    hidden: frozenset[str]
    other: frozenset[str]
    case: bool = True


def title_case(title: str) -> str:
    """The canonical form of a title: its first letter as MediaWiki writes it.

    Georgian has capitals in Unicode, but MediaWiki does not use them.
    """
    first = title[:1]
    upper = first.upper()
    if first == upper or len(upper) != 1 or "\u10d0" <= first <= "\u10ff":
        return title
    return upper + title[1:]


def canonical(target: str, names: Names) -> str:
    """The title that a link's target means: no section, spaces, NFC, first letter as in titles."""
    target = target.partition("#")[0].replace("_", " ")
    if "&" in target:
        target = html.unescape(target)
    target = " ".join(INVISIBLE.sub("", target).split())
    if not target.isascii():
        target = unicodedata.normalize("NFC", target)
    return title_case(target) if names.case else target


def link_kind(raw: str, names: Names) -> tuple[LinkKind, str]:
    """Classify a link.

    Args:
        raw: What stands between the opening brackets and the bar.
        names: The wiki's namespaces.

    Returns:
        The kind of link, and its target: the canonical title of an article or, for a link to the
        English Wikipedia, the title there; otherwise empty.
    """
    target = raw.replace(HOLE, "").strip()
    colon = target.startswith(":")
    target = target.removeprefix(":").strip()
    prefix, mark, rest = target.partition(":")
    if mark:
        name = " ".join(prefix.replace("_", " ").lower().split())
        if name in names.hidden or FILE_ENDING.search(target):
            return ("none" if colon else "hidden"), ""
        if name in names.other:
            return "none", ""
        if _LANGUAGE_PREFIX.match(prefix.strip()):
            if colon:
                return "none", ""
            return "language", canonical(rest, names) if name == "en" else ""
    target = canonical(target, names)
    return ("link" if target else "none"), target
