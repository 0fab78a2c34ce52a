"""Attribute each error to the step that made it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from eatner.evaluate.cases import Case, TypedSpan, build_cases
from eatner.tables import (
    STAGES,
    Alignment,
    Error,
    GoldEntity,
    Mention,
    Sentence,
    Span,
    Translation,
    by_sentence,
)
from eatner.text.folding import fold_letters, fold_words

# A reading that agrees with the English by this much names it. Measured on UNER PUD, Russian people
# against their English sentence: 86% found (97% of them on an English entity of gold), and 4% in
# another sentence; at 70 it is 71% and 0.5%.
_READING_LIKENESS = 60.0
_TITLE_LIKENESS = 90.0


def find_mention(
    surface: str,
    english: str,
    names: Collection[str],
    romanise: Callable[[str], str],
) -> tuple[int, int, str] | None:
    """Where an English text names an entity, judged without knowing its English gold.

    An estimate: a title from the lexicon (without its bracket) stands in the text nearly letter by
    letter, or else some run of words reads like the surface. A translated name that the lexicon
    lacks (米国, "America") is found by neither.

    Args:
        surface: The gold entity as it stands in the sentence.
        english: The translation.
        names: English titles that the lexicon gives for the surface.
        romanise: Gives the reading of a surface in Latin letters.

    Returns:
        Start and end in `english`, and the evidence, `title` or `reading`; None if it names none.
    """
    words = [(match.start(), match.end()) for match in re.finditer(r"[^\W_]+", english)]
    wanted = [
        (fold_words(re.sub(r" \(.*\)$", "", name)), _TITLE_LIKENESS, "title") for name in names
    ]
    wanted.append((fold_words(romanise(surface)), _READING_LIKENESS, "reading"))
    for target, threshold, evidence in wanted:
        solid = target.replace(" ", "")
        if not solid:
            continue
        best = (threshold, 0, 0)
        size = len(target.split())
        for first, (start, _) in enumerate(words):
            # Readings may lack the word boundaries that English has, by one or two.
            for last in range(first, min(first + size + 2, len(words))):
                run = fold_letters(english[start : words[last][1]])
                if len(run) > 2 * len(solid) + 2:
                    break
                likeness = fuzz.ratio(solid, run, score_cutoff=best[0])
                # A short name is like too many words by chance: it has to be the same.
                if likeness > best[0] and (len(solid) > 3 or likeness > 99):
                    best = (likeness, start, words[last][1])
        if best[2]:
            return best[1], best[2], evidence
    return None


def _touch(one: tuple[int, int], two: tuple[int, int]) -> int:
    """How many characters two spans share."""
    return max(0, min(one[1], two[1]) - max(one[0], two[0]))


def _english(row: Alignment) -> Span:
    """The English span that a prediction came from; an empty one for systems without English."""
    return row.english_start or 0, row.english_end or 0


@dataclass(frozen=True, slots=True)
class _Error:
    kind: str
    stage: str
    detail: str
    evidence: str
    span: TypedSpan
    english: str = ""


def errors_by_stage(
    sentences: Iterable[Sentence],
    gold: Iterable[GoldEntity],
    translate: Iterable[Translation],
    tag: Iterable[Mention],
    align: Iterable[Alignment],
    *,
    lexicon: Mapping[str, Collection[str]],
    romanise: Callable[[str], str],
    oracles: Collection[str] = (),
) -> dict[str, object]:
    """Attribute every missed or spurious entity to the step that went wrong first.

    An entity is right if boundaries and type are. For a missed one, in this order:

    1. A prediction overlaps it whose English names it: same boundaries, `tagger` (mistyped); else
       `boundary`. The English does if `find_mention` finds the entity there, or the aligner is
       surer than not. An invented name that was put there by chance does not.
    2. The translation does not name it (`find_mention`): `translation`.
    3. No English entity stands where the translation names it: `tagger` (missed); one of another
       type: `tagger` (mistyped).
    4. That English entity has no span: `alignment` (nothing); one elsewhere: `boundary`.

    For a spurious one: `tagger` or `boundary` if it overlaps a missed entity that its English
    names, as there; `boundary`
    (elsewhere) if its English entity is where the translation names some gold entity; otherwise
    `spurious`: English names something that gold does not have (detail `ignored`: gold has it under
    a label that is ignored on purpose).

    Where the English is the sentence itself, as for model transfer and title lookup, it names every
    entity at its own place, so that nothing is laid to the translation: what such a system misses
    or makes up is the tagger's.

    Step 2 is an estimate, and so are all that hang on it (`evidence` says by what an entity was
    found in English: `title`, `reading`; `alignment`: by neither, but the aligner is sure;
    `oracle`; `elimination`, with gold English: an English entity of its type is left over that no
    other gold entity accounts for; `none`).

    Args:
        sentences: Rows of sentences.tsv.
        gold: Rows of gold.tsv.
        translate: Rows of translate/*.tsv.
        tag: Rows of tag/*.tsv: offsets in the English.
        align: Rows of align/*.tsv; `english_start` and `english_end` are those of the tag.
        lexicon: From a surface to its English titles.
        romanise: Gives the reading of a surface in Latin letters.
        oracles: Steps that are right by construction: `translation`, `tagger`.

    Returns:
        `correct`, `missed` and `spurious` (from stage to number, all of `STAGES` each), `errors`
        (a list of `Error`) and `estimate`, a sentence that says what the numbers are.

    Raises:
        ValueError: What `score` raises.
    """
    gold, align = list(gold), list(align)
    cases = build_cases(gold, align, sentences)
    texts = {row.sentence_id: row.english for row in translate}
    ignored = by_sentence(row for row in gold if row.status == "ignored")
    tags = by_sentence(row for row in tag if row.status == "tagged")
    aligned = by_sentence(align)
    counts = {"missed": Counter(), "spurious": Counter()}
    errors = []
    correct = 0
    for case in cases:
        name = case.sentence_id
        correct += len(set(case.gold) & set(case.predicted))
        found = _sentence_errors(
            case,
            texts.get(name, ""),
            tags.get(name, []),
            aligned.get(name, []),
            [(r.start, r.end) for r in ignored.get(name, [])],
            lexicon,
            romanise,
            oracles,
        )
        for error in found:
            counts[error.kind][error.stage] += 1
            start, end, kind = error.span
            surface = case.text[start:end]
            errors.append(
                Error(
                    name,
                    error.kind,
                    error.stage,
                    error.detail,
                    error.evidence,
                    start,
                    end,
                    kind,
                    surface,
                    error.english,
                )
            )
    return {
        "correct": correct,
        **{kind: {stage: counts[kind][stage] for stage in STAGES} for kind in counts},
        "errors": errors,
        "estimate": "Whether the translation names an entity is judged by the lexicon's English "
        "titles and by the likeness of readings, so the first stages are estimates.",
    }


def _sentence_errors(
    case: Case,
    english: str,
    tags: Sequence[Mention],
    aligned: Sequence[Alignment],
    ignored: Sequence[tuple[int, int]],
    lexicon: Mapping[str, Collection[str]],
    romanise: Callable[[str], str],
    oracles: Collection[str],
) -> list[_Error]:
    right = set(case.gold) & set(case.predicted)
    missed = [span for span in case.gold if span not in right]
    spurious = [span for span in case.predicted if span not in right]
    if not missed and not spurious:
        return []
    mentions: dict[tuple[int, int], TypedSpan] = {}  # the tag's English offsets and type
    for row in tags:
        at = row.span
        mentions[at] = (*at, row.type)
    spans_of: dict[tuple[int, int], list[TypedSpan]] = defaultdict(list)
    english_of: dict[TypedSpan, tuple[int, int]] = {}
    sure: set[TypedSpan] = set()
    for row in aligned:
        if row.start is not None:
            span = (*row.span, row.type)
            spans_of[_english(row)].append(span)
            english_of[span] = _english(row)
            if (row.confidence or 0) > 0.5:
                sure.add(span)

    def words(at: tuple[int, int]) -> str:
        return english[at[0] : at[1]]

    located: dict[TypedSpan, tuple[int, int, str]] = {}
    for span in missed:
        if english == case.text:
            located[span] = (*span[:2], "oracle")
            continue
        surface = case.text[span[0] : span[1]]
        # What names an entity that was found does not name another one that reads a bit like it.
        free = english
        for other in right:
            if case.text[other[0] : other[1]] != surface:
                start, end = english_of[other]
                free = free[:start] + " " * (end - start) + free[end:]
        mention = find_mention(surface, free, lexicon.get(surface, ()), romanise)
        if mention:
            located[span] = mention

    def why_named(other: TypedSpan, span: TypedSpan) -> str | None:
        """How it is known that the English of a prediction names a missed entity, if it is."""
        if span in located and (
            english == case.text or _touch(english_of[other], located[span][:2])
        ):
            return located[span][2]
        if "tagger" in oracles:
            return "oracle"
        if english_of[other][0] == english_of[other][1]:  # a system without English
            return "none"
        return "alignment" if other in sure and span not in located else None

    errors: list[_Error] = []
    open_spans: list[TypedSpan] = []
    hit: dict[TypedSpan, tuple[str, str, str]] = {}  # stage, detail, evidence
    for span in missed:
        over = [s for s in spurious if _touch(span[:2], s[:2]) and why_named(s, span)]
        if not over:
            open_spans.append(span)
            continue
        for other in sorted(over, key=lambda s: _touch(span[:2], s[:2])):
            same = other[:2] == span[:2]
            found = ("tagger", "mistyped") if same else ("boundary", "overlap")
            found = (*found, why_named(other, span))
            if same or other not in hit:
                hit[other] = found
        errors.append(_Error("missed", *found, span, words(english_of[other])))
    # English entities that no right prediction and no gold entity found above accounts for.
    taken = {english_of[span] for span in right}
    taken |= {at for at in mentions for m in located.values() if _touch(at, m[:2])}
    left_over = [mention for at, mention in sorted(mentions.items()) if at not in taken]
    accounted: dict[tuple[int, int], str] = {
        at: mention[2] for at in mentions for mention in located.values() if _touch(at, mention[:2])
    }
    for span in open_spans:
        evidence = "none"
        mention: TypedSpan | None = None
        if span in located:
            evidence = located[span][2]
            touched = [m for m in mentions.values() if _touch(m[:2], located[span][:2])]
            mention = max(touched, key=lambda m: (m[2] == span[2], m[:2]), default=None)
        elif "tagger" in oracles and (same_type := [m for m in left_over if m[2] == span[2]]):
            evidence, mention = "elimination", same_type[0]
            left_over.remove(mention)
            accounted[mention[:2]] = evidence
        elif {"tagger", "translation"} & set(oracles):
            evidence = "oracle"
        place = words(located[span][:2]) if span in located else ""
        if mention is None:
            if evidence == "none":
                stage, detail = "translation", "not named"
            elif "tagger" in oracles:
                stage, detail = "alignment", "nothing"
            else:
                stage, detail = "tagger", "missed"
        elif mention[2] != span[2]:
            stage, detail, place = "tagger", "mistyped", words(mention[:2])
        elif spans_of.get(mention[:2]):
            stage, detail, place = "boundary", "elsewhere", words(mention[:2])
        else:
            stage, detail, place = "alignment", "nothing", words(mention[:2])
        errors.append(_Error("missed", stage, detail, evidence, span, place))
    for span in spurious:
        at = english_of[span]
        if span in hit:
            stage, detail, evidence = hit[span]
        elif at in accounted:
            stage, detail, evidence = "boundary", "elsewhere", accounted[at]
        elif any(english_of[other] == at for other in right):
            stage, detail, evidence = "boundary", "repeated", ""
        else:
            stage, evidence = "spurious", ""
            on_ignored = any(_touch(span[:2], other) for other in ignored)
            detail = "ignored" if on_ignored else "not in gold"
        errors.append(_Error("spurious", stage, detail, evidence, span, words(at)))
    return errors
