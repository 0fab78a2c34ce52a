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
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});")
# The Wikipedias that there are or were, and old names of theirs: a link to one of them is an
# interlanguage link. Any other prefix belongs to a title, as in re:publica.
_WIKIPEDIAS = """
    aa ab abs ace ady af ak als alt am ami an ang ann anp ar arc ary arz as ast atj av avk awa
    ay az azb ba ban bar bat-smg bbc bcl bdr be be-tarask be-x-old bew bg bh bho bi bjn blk bm bn
    bo bpy br bs btm bug bxr ca cbk-zam cdo ce ceb ch cho chr chy ckb co cr crh cs csb cu
    cv cy cz da dag de dga din diq dk dsb dtp dty dv dz ee egl el eml en eo epo es et eu ext fa
    fat ff fi fiu-vro fj fo fon fr frp frr fur fy ga gag gan gcr gd gl glk gn gom gor got gpe gsw
    gu guc gur guw gv ha hak haw he hi hif ho hr hsb ht hu hy hyw hz ia iba id ie ig igl ii ik ilo
    inh io is it iu ja jam jbo jp jv ka kaa kab kaj kbd kbp kcg kg kge ki kj kk kl km kn knc
    ko koi kr krc ks ksh ku kus kv kw ky la lad lb lbe lez lfn lg li lij lld lmo ln lo lrc lt ltg
    lv lzh mad mai map-bms mdf mg mh mhr mi min minnan mk ml mn mni mnw mo mos mr mrj ms mt mus
    mwl my myv mzn na nah nan nap nb nds nds-nl ne new ng nia nl nn no nov nqo nr nrm nso nup nv
    ny oc olo om or os pa pag pam pap pcd pcm pdc pfl pi pih pl pms pnb pnt ps pt pwn qu rki rm
    rmy rn ro roa-rup roa-tara rsk ru rue rup rw sa sah sat sc scn sco sd se sg sgs sh shi shn shy
    si simple sk skr sl sm smn sn so sq sr srn ss st stq su sv sw syl szl szy ta tay tcy tdd te
    tet tg th ti tig tk tl tly tn to tpi tr trv ts tt tum tw ty tyv udm ug uk ur uz ve vec vep vi
    vls vo vro wa war wo wuu xal xh xmf yi yo yue za zea zgh zh zh-cfr zh-classical zh-cn
    zh-min-nan zh-tw zh-yue zu
"""
INTERLANGUAGE = frozenset(_WIKIPEDIAS.split())
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


def decode_entities(text: str) -> str:
    """Decode HTML's entities, of which MediaWiki demands the semicolon."""
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text


def canonical(target: str, names: Names) -> str:
    """The title that a link's target means: no section, spaces, NFC, first letter as in titles."""
    # First, because &#39; has a # of its own.
    target = decode_entities(target).partition("#")[0].replace("_", " ")
    target = " ".join(INVISIBLE.sub("", target).split())
    if not target.isascii():
        target = unicodedata.normalize("NFC", target)
    return title_case(target) if names.case else target


def redirect_target(target: str, names: Names) -> str:
    """Where a redirect leads: a title, or ``title#section``, which is the name of no page."""
    page, _, section = decode_entities(target).partition("#")
    title = canonical(page.strip().removeprefix(":"), names)
    section = " ".join(section.replace("_", " ").split())
    return f"{title}#{section}" if title and section else title


def interlanguage_target(target: str, names: Names) -> str:
    """The title that a link to another wiki names; empty for a section, which is no page."""
    target = decode_entities(target).strip().removeprefix(":")
    return "" if "#" in target else canonical(target, names)


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
        if name in INTERLANGUAGE:
            if colon:
                return "none", ""
            return "language", interlanguage_target(rest, names) if name == "en" else ""
    target = canonical(target, names)
    return ("link" if target else "none"), target
