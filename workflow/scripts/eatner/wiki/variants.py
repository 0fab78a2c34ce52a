"""Resolve the language variants of wikitext: -{zh-hans:计算机; zh-hant:電腦}- is read as 计算机.

A few wikis are written in several scripts or regional forms at once, and show a reader one of them.
Where writers give the forms by hand, they stand between `-{` and `}-`; elsewhere these are plain
text, as in chemical names. The grammar is that of mediawiki.org (Writing systems/Syntax):

    -{ text }-                      the text as it is
    -{ flags | text }-              flags, with semicolons between them, say what to do with it
    -{ variant:text; variant:text } one text for each variant (a two-way rule)
    -{ text=>variant:text; }-       one direction alone (a one-way rule)

A semicolon ends a text only where a rule or the end follows. One inside a link, a tag or an entity
does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from eatner.wiki.markup import HOLE

# By wiki: its variants, the one to be read first, and behind it those that readers of it are shown
# where it has no text.
_CHINESE = "zh-cn zh-hans zh-sg zh-my zh zh-hant zh-tw zh-hk zh-mo"
_VARIANTS = {
    "ban": "ban ban-bali ban-x-dharma ban-x-palmleaf ban-x-pku",
    "crh": "crh-latn crh crh-cyrl",
    "gan": f"gan-hans gan gan-hant {_CHINESE}",
    "iu": "ike-cans iu ike-latn",
    "kk": "kk-cyrl kk-kz kk kk-latn kk-tr kk-arab kk-cn",
    "ku": "ku-latn ku ku-arab",
    "lzh": _CHINESE,
    "mni": "mni mni-beng",
    "nan": _CHINESE,
    "sh": "sh-latn sh sh-cyrl",
    "shi": "shi-latn shi shi-tfng",
    "sr": "sr-ec sr-cyrl sr sr-el sr-latn",
    "tg": "tg tg-cyrl tg-latn",
    "tly": "tly tly-latn tly-cyrl",
    "uz": "uz-latn uz uz-cyrl",
    "wuu": f"wuu-hans wuu wuu-hant {_CHINESE}",
    "yue": f"{_CHINESE} yue zh-yue",
    "zgh": "zgh zgh-latn",
    "zh": _CHINESE,
}
# Wikipedia's own codes for some of them.
_SAME = {"zh-classical": "lzh", "zh-min-nan": "nan", "zh-yue": "yue"}
_FLAGS = frozenset("ATRDHN-+")
_DEEPEST = 10  # as in MediaWiki; without a limit the time would not be linear
_BRACES = re.compile(r"(-\{(?!\{)|\}-)")
_INNER = re.compile(r"\[\[|\]\]|<[^<>]*>|&#?\w+;|[|;]")


@dataclass(frozen=True, slots=True)
class Variants:
    """The variants of a wiki.

    Attributes:
        order: Their codes, the preferred one first.
        rule: What a rule begins with, behind a semicolon; or the end.
    """

    order: tuple[str, ...]
    rule: re.Pattern[str]

    def resolve(self, text: str) -> str:
        """Replace every `-{...}-` by the text that is shown, the innermost first.

        What is shown but cannot be known leaves a `HOLE`: the name of a variant, the description of
        a rule, and marks that have no partner.
        """
        stack: list[list[str]] = [[]]
        for piece in _BRACES.split(text):
            if piece == "-{" and len(stack) <= _DEEPEST:
                stack.append([])
            elif piece == "}-" and len(stack) > 1:
                inner = "".join(stack.pop())
                stack[-1].append(self._shown(inner))
            elif piece in ("-{", "}-"):
                stack[-1].append(piece + HOLE)
            else:
                stack[-1].append(piece)
        return f"-{{{HOLE}".join("".join(level) for level in stack)

    def _shown(self, inner: str) -> str:
        bar, semicolons = _outer_marks(inner)
        written = {flag.strip() for flag in inner[: max(bar, 0)].split(";")}
        flags = written & _FLAGS
        content = inner[bar + 1 :]
        if "R" in flags:
            return content
        if flags & {"N", "D"}:
            return HOLE
        if flags & {"H", "-"} or (flags & {"T", "+"} and "A" not in flags):
            return ""
        if not flags and not written.isdisjoint(self.order):
            return content  # -{zh-hans;zh-hant|text}-: for these variants as it is
        ends = [at for at in semicolons if at > bar and self.rule.match(inner, at + 1) is not None]
        begins = [bar + 1, *(at + 1 for at in ends)]
        texts = [inner[a:b] for a, b in zip(begins, [*ends, len(inner)], strict=True)]
        return self._by_rules(texts, content)

    def _by_rules(self, rules: list[str], content: str) -> str:
        """The text of the preferred variant, or all of the content where it has no sound rules."""
        two_way: dict[str, str] = {}
        one_way: dict[str, str] = {}
        for rule in rules:
            name, colon, text = rule.partition(":")
            if not colon:
                continue
            source, arrow, variant = name.replace("=&gt;", "=>").rpartition("=>")
            code, text = variant.strip().lower(), text.strip()
            if code not in self.order:
                return content
            if not arrow and text:
                two_way[code] = text
            elif source.strip():
                one_way.setdefault(code, text)
        for texts in (two_way, one_way):
            for code in self.order:
                if code in texts:
                    return texts[code]
        return content


@cache
def variants_of(code: str) -> Variants | None:
    """The variants of the wiki of a language, or None where `-{` means nothing.

    Args:
        code: The language's code, as Wikipedia or ISO 639 has it.
    """
    codes = _VARIANTS.get(_SAME.get(code, code))
    if codes is None:
        return None
    order = tuple(codes.split())
    longest_first = "|".join(sorted(map(re.escape, order), key=len, reverse=True))
    rule = rf"\s*(?:(?:{longest_first})\s*:|[^;]*?=(?:>|&gt;)\s*(?:{longest_first})\s*:|\Z)"
    return Variants(order, re.compile(rule, re.IGNORECASE))


def _outer_marks(inner: str) -> tuple[int, list[int]]:
    """The first bar (or -1) and all semicolons that are outside links, tags and entities."""
    depth = 0
    marks: list[tuple[str, int, int]] = []
    for mark in _INNER.finditer(inner):
        if mark[0] == "[[":
            depth += 1
        elif mark[0] == "]]":
            depth -= depth > 0
        elif mark[0] in "|;":
            marks.append((mark[0], mark.start(), depth))
    # A link without an end hides nothing.
    outer = [(mark, at) for mark, at, level in marks if level == 0 or depth > 0]
    bar = next((at for mark, at in outer if mark == "|"), -1)
    return bar, [at for mark, at in outer if mark == ";"]
