"""Wikitext to plain text with the spans of its links, in one pass and in linear time.

Templates, tables, references and files go; links and bold names become spans. The grammar is that
of mediawiki.org (Help:Formatting, Help:Links, Preprocessor ABNF, Writing systems/Syntax). It is
read in layers, each in linear time, because each can hide the marks of the next:

1. templates, comments and hidden tags go, up to the next heading (`markup.without_templates`);
2. of language variants, one is chosen (`variants`);
3. each place of a template is kept as a hole if the sentence around it needs words there, because
   nobody knows what the template writes (`markup.with_holes`);
4. tables go (`markup.without_tables`);
5. links, bold, entities and lines become text and spans (`writer.Writer`);
6. what templates leave behind, such as empty brackets, goes (`_tidy`).

Anything without an end costs its own line and leaves a hole, never more time.
"""

from __future__ import annotations

import re
import unicodedata

from eatner.text.languages import Language
from eatner.wiki.markup import (
    DROPPED,
    HOLE,
    Clean,
    Link,
    cut_stretches,
    normalise_nfc,
    with_a_space,
    with_holes,
    without_tables,
    without_templates,
)
from eatner.wiki.targets import INVISIBLE, Names
from eatner.wiki.variants import variants_of
from eatner.wiki.writer import Writer

# Encyclopedias mark the stress of a headword; no other text does.
_STRESS = re.compile("(?<=[аеиоуыэюяєіїёАЕИОУЫЭЮЯЄІЇЁ])\u0301")
_HOLE_RUN = re.compile(rf"{HOLE}(?:[{HOLE} ]*{HOLE})?")
# What a template leaves behind: empty brackets, marks behind an opening one, doubled marks.
_DEBRIS = re.compile(
    # This rejects most characters, and a lone space, before the alternatives are tried.
    r"(?=[(（\s,;:、，；：])(?!(?<![(（]) [^\s,.;)）。、，；])(?:"
    r"[(（][\s,;:、，；：/·–—-]*+[)）]"
    r"|(?<=[(（])[\s,;、，；]++"
    # Each of these begins at a run's beginning only, or long runs would be read again and again.
    r"|(?<![\s,;、，；])[\s,;、，；]++(?=[)）])"
    r"|(?<![,;、，；\s])(?:[,;、， \t]++(?=[.。](?:\s|\Z))|[ \t]++(?=,(?:\s|\Z)))"
    r"|(?<=[^,; \t][,;])(?:[ \t]*+[,;])++"
    r"|(?<=[、，；])[、，；]++)",
)


def clean(source: str, title: str, language: Language, names: Names, start: int = 0) -> Clean:
    """Clean one section: from `start` to the next heading.

    Args:
        source: Wikitext of the whole page, with the XML's entities decoded.
        title: Title of the page, which is the target of its name in bold.
        language: Language of the wiki.
        names: Namespaces of the wiki.
        start: Where the section's text begins in `source`.
    """
    if DROPPED in source or HOLE in source:
        # As long as before, for the caller's offsets.
        source = source.replace(DROPPED, "\0").replace(HOLE, "\0")
    unclosed: set[int] = set()
    kept, end = without_templates(source, start, unclosed)
    if unclosed:
        kept, end = without_templates(source, start, set(), unclosed)
    variants = variants_of(language.code)
    if variants is not None and ("-{" in kept or "}-" in kept):
        kept = variants.resolve(kept)
    text = without_tables(with_holes(kept, language) if DROPPED in kept or HOLE in kept else kept)
    if INVISIBLE.search(text):
        text = INVISIBLE.sub("", text)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if language.script == "Cyrl":
        text = _STRESS.sub("", text)
    writer = Writer(title, language, names)
    writer.read(text)
    result = _tidy(writer)
    result.end = end
    result.unclosed = bool(unclosed)
    return result


def _tidy(writer: Writer) -> Clean:
    """Remove what templates left behind, trim the spans, and normalise."""
    text = "".join(writer.pieces)
    spans, holes = writer.spans, writer.holes
    if HOLE in text:
        cuts = [with_a_space(text, *match.span()) for match in _HOLE_RUN.finditer(text)]
        holes = [*holes, *(start for start, _ in cuts)]
        text, spans, holes = cut_stretches(text, spans, holes, cuts)
    cuts = []
    for match in _DEBRIS.finditer(text):
        start, end = match.span()
        if text[start] in "(（" and text[start - 1 : start] == " ":
            start -= 1
        cuts.append((start, end))
    if cuts:
        text, spans, holes = cut_stretches(text, spans, holes, cuts)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text, spans, holes = normalise_nfc(text, spans, holes)
    trimmed: list[Link] = []
    for start, end, target, bold in spans:
        surface = text[start:end]
        start += len(surface) - len(surface.lstrip())
        end = start + len(surface.strip())
        if start < end and "\n" not in text[start:end]:
            trimmed.append((start, end, target, bold))
    text = text.rstrip()
    holes = sorted({min(hole, len(text)) for hole in holes})
    return Clean(text, trimmed, writer.english, holes=holes)
