"""Attribute each error to the step that made it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from rapidfuzz import fuzz

from eatner.evaluate.cases import Case, TypedSpan, build_cases
from eatner.tables import (
    STAGES,
    Alignment,
    Error,
    ErrorDetail,
    ErrorKind,
    Evidence,
    GoldEntity,
    Mention,
    Sentence,
    Span,
    Stage,
    Translation,
    by_sentence,
)
from eatner.text.folding import fold_letters, fold_words

# A reading that agrees with the English by this much names it. Measured on UNER PUD, Russian people
# against their English sentence: 86% found (97% of them on an English entity of gold), and 4% in
# another sentence; at 70 it is 71% and 0.5%.
_READING_LIKENESS = 60.0
_TITLE_LIKENESS = 90.0
# The probability from which a phrase that was not chosen shows what an English entity means.
_LIKELY = 0.2


Located = tuple[int, int, Evidence]
"""Where the English names an entity, and what shows that it does."""
Verdict = tuple[Stage, ErrorDetail, Evidence]
"""The step that went wrong, what went wrong there, and what shows it."""


def find_mention(
    surface: str,
    english: str,
    names: Collection[str],
    romanise: Callable[[str], str],
) -> Located | None:
    """Where an English text names an entity, judged without knowing its English gold.

    An estimate: the text has a title from the lexicon (without its bracket) nearly letter by
    letter, or else a run of words that reads like the surface. Neither finds a translated name
    that the lexicon lacks (米国, "America").

    Args:
        surface: The gold entity as it stands in the sentence.
        english: The translation.
        names: English titles that the lexicon gives for the surface.
        romanise: Gives the reading of a surface in Latin letters.

    Returns:
        Start and end in `english`, and the evidence, `title` or `reading`; None if it names none.
    """
    words = [(match.start(), match.end()) for match in re.finditer(r"[^\W_]+", english)]
    wanted: list[tuple[str, float, Evidence]] = [
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


def _touch(one: Span, two: Span) -> int:
    """How many characters two spans share."""
    return max(0, min(one[1], two[1]) - max(one[0], two[0]))


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A sentence with everything that its errors are judged by.

    Attributes:
        case: Its gold and predicted spans.
        english: Its translation.
        mentions: The tagger's entities, by their place in the English.
        english_of: The place in the English that each predicted span came from.
        spans_of: The reverse: predicted spans by that place.
        sure: Predicted spans that are more probably right than wrong, says the aligner.
        ignored: Gold spans whose label is ignored on purpose.
        hints: Names whose English the translator was given, as (surface, English).
        likely: For each phrase that an aligner finds likely, the place of its English.
        oracles: Steps that are right by construction: `translation`, `tagger`.
    """

    case: Case
    english: str
    mentions: dict[Span, TypedSpan]
    english_of: dict[TypedSpan, Span]
    spans_of: dict[Span, list[TypedSpan]]
    sure: set[TypedSpan]
    ignored: Sequence[Span]
    hints: Sequence[tuple[str, str]]
    likely: Mapping[str, Span]
    oracles: Collection[str]

    @property
    def right(self) -> set[TypedSpan]:
        """Spans that gold and the system have alike."""
        return set(self.case.gold) & set(self.case.predicted)

    @property
    def missed(self) -> list[TypedSpan]:
        """Spans of gold that the system has not."""
        right = self.right
        return [span for span in self.case.gold if span not in right]

    @property
    def spurious(self) -> list[TypedSpan]:
        """Spans of the system that gold has not."""
        right = self.right
        return [span for span in self.case.predicted if span not in right]

    @property
    def is_original(self) -> bool:
        """Whether the English is the sentence itself, as for a system that labels it directly."""
        return self.english == self.case.text

    def words(self, place: Span) -> str:
        """The English at a place."""
        return self.english[place[0] : place[1]]

    def error(
        self,
        kind: ErrorKind,
        verdict: Verdict,
        span: TypedSpan,
        english: str,
    ) -> Error:
        """A row of the errors table."""
        surface = self.case.text[span[0] : span[1]]
        return Error(self.case.sentence_id, kind, *verdict, *span, surface, english)


def find_errors(
    sentences: Iterable[Sentence],
    gold: Iterable[GoldEntity],
    translate: Iterable[Translation],
    tag: Iterable[Mention],
    align: Iterable[Alignment],
    *,
    lexicon: Mapping[str, Collection[str]],
    romanise: Callable[[str], str],
    oracles: Collection[str] = (),
) -> Iterator[Error]:
    """Attribute the missed and spurious entities of some sentences to the step that erred first.

    An entity is right if boundaries and type are. For a missed one, in this order:

    1. A prediction overlaps it whose English names it: same boundaries, `tagger` (mistyped); else
       `boundary`. The English does if `find_mention` finds the entity there, or the aligner is
       surer than not. An invented name that was put there by chance does not.
    2. The translation does not name it (`find_mention`): `translation`.
    3. No English entity stands where the translation names it: `tagger` (missed); one of another
       type: `tagger` (mistyped).
    4. That English entity has no span: `alignment` (nothing); one elsewhere: `boundary`.

    For a spurious one: `tagger` or `boundary` if it overlaps a missed entity that its English
    names, as there; `boundary` (elsewhere) if its English entity is where the translation names
    some gold entity; otherwise `spurious`: the English names something that gold does not have
    (detail `ignored`: gold has it under a label that is ignored on purpose).

    Where the English is the sentence itself, as for model transfer and title lookup, it names every
    entity at its own place, so that nothing is laid to the translation: what such a system misses
    or makes up is the tagger's.

    Step 2 is an estimate, and so is everything that depends on it. `evidence` says what shows that
    the English names an entity: `title` and `reading` as in `find_mention`, where the names that
    the translator was given count as titles; `alignment`: neither, but the aligner is sure, or
    finds the surface likely for an English entity; `oracle`: a step is right by construction;
    `elimination`: with gold English, an entity of its type is left over that no other gold entity
    accounts for; `none`.

    Args:
        sentences: Rows of sentences.tsv.
        gold: Rows of gold.tsv.
        translate: Rows of translate/*.tsv.
        tag: Rows of tag/*.tsv: offsets in the English.
        align: Rows of align/*.tsv; `english_start` and `english_end` are those of the tag.
        lexicon: From a surface to its English titles.
        romanise: Gives the reading of a surface in Latin letters.
        oracles: Steps that are right by construction: `translation`, `tagger`.

    Raises:
        ValueError: What `count` raises.
    """
    gold, align = list(gold), list(align)
    translated = {row.sentence_id: row for row in translate}
    ignored = by_sentence(row for row in gold if row.status == "ignored")
    tags = by_sentence(row for row in tag if row.status == "tagged")
    aligned = by_sentence(align)
    for case in build_cases(gold, align, sentences):
        name = case.sentence_id
        english_of, spans_of, sure = _predictions(aligned[name])
        translation = translated.get(name, Translation(name, ""))
        sentence = _Labelled(
            case,
            translation.english,
            {row.span: (*row.span, row.type) for row in tags[name]},
            english_of,
            spans_of,
            sure,
            [(row.start, row.end) for row in ignored[name]],
            translation.hints,
            _likely(aligned[name]),
            oracles,
        )
        if sentence.missed or sentence.spurious:
            yield from _attribute(sentence, _locate(sentence, lexicon, romanise))


def count_errors(errors: Mapping[tuple[ErrorKind, Stage], int], correct: int) -> dict[str, Any]:
    """The numbers of errors by kind and stage, all of `STAGES` each.

    Args:
        errors: How many errors of a kind each stage made.
        correct: How many entities are right.

    Returns:
        `correct`, `missed` and `spurious` (from stage to number), and `estimate`, a sentence that
        says what the numbers are.
    """
    return {
        "correct": correct,
        **{
            kind: {stage: errors.get((kind, stage), 0) for stage in STAGES}
            for kind in get_args(ErrorKind)
        },
        "estimate": "Whether the translation names an entity is judged by the lexicon's English "
        "titles and by the likeness of readings, so the first stages are estimates.",
    }


def _predictions(
    aligned: Iterable[Alignment],
) -> tuple[dict[TypedSpan, Span], dict[Span, list[TypedSpan]], set[TypedSpan]]:
    """Predicted spans by their English and the reverse, and those that the aligner is sure of."""
    english_of: dict[TypedSpan, Span] = {}
    spans_of: dict[Span, list[TypedSpan]] = defaultdict(list)
    sure: set[TypedSpan] = set()
    for row in aligned:
        if row.start is None:
            continue
        span = (*row.span, row.type)
        # A system without English has an empty place.
        place = row.english_start or 0, row.english_end or 0
        spans_of[place].append(span)
        english_of[span] = place
        if (row.confidence or 0) > 0.5:
            sure.add(span)
    return english_of, spans_of, sure


def _locate(
    sentence: _Labelled, lexicon: Mapping[str, Collection[str]], romanise: Callable[[str], str]
) -> dict[TypedSpan, Located]:
    """Where the English names the missed entities, as far as that can be seen."""
    found: dict[TypedSpan, Located] = {}
    text, english = sentence.case.text, sentence.english
    for span in sentence.missed:
        if sentence.is_original:
            found[span] = (span[0], span[1], "oracle")
            continue
        surface = text[span[0] : span[1]]
        # What names an entity that was found does not name another one that reads a bit like it.
        free = english
        for other in sentence.right:
            if text[other[0] : other[1]] != surface:
                start, end = sentence.english_of[other]
                free = free[:start] + " " * (end - start) + free[end:]
        given = [name for own, name in sentence.hints if own == surface]
        names = [*lexicon.get(surface, ()), *given]
        mention = find_mention(surface, free, names, romanise)
        if mention is None and surface in sentence.likely:
            mention = (*sentence.likely[surface], "alignment")
        if mention:
            found[span] = mention
    return found


def _likely(aligned: Iterable[Alignment]) -> dict[str, Span]:
    """For each phrase that the aligner finds likely for an entity, the entity's place."""
    found: dict[str, tuple[float, Span]] = {}
    for row in aligned:
        if row.english_start is None or row.english_end is None:
            continue
        for surface, probability in row.candidates:
            if probability >= max(_LIKELY, found.get(surface, (0.0,))[0]):
                found[surface] = (probability, (row.english_start, row.english_end))
    return {surface: place for surface, (_, place) in found.items()}


def _attribute(sentence: _Labelled, located: Mapping[TypedSpan, Located]) -> list[Error]:
    """The errors of a sentence: what overlaps first, then what is missed, then what is made up."""
    errors, hits, open_spans = _overlaps(sentence, located)
    # English entities that a gold entity accounts for, and by what evidence.
    accounted: dict[Span, Evidence] = {
        place: evidence
        for place in sentence.mentions
        for start, end, evidence in located.values()
        if _touch(place, (start, end))
    }
    errors += _missed(sentence, located, open_spans, accounted)
    errors += _spurious(sentence, hits, accounted)
    return errors


def _why_named(
    sentence: _Labelled, located: Mapping[TypedSpan, Located], other: TypedSpan, span: TypedSpan
) -> Evidence | None:
    """What shows that the English of a prediction names a missed entity; None if nothing does."""
    place = sentence.english_of[other]
    if span in located and (sentence.is_original or _touch(place, located[span][:2])):
        return located[span][2]
    if "tagger" in sentence.oracles:
        return "oracle"
    if place[0] == place[1]:  # a system without English
        return "none"
    return "alignment" if other in sentence.sure and span not in located else None


def _overlaps(
    sentence: _Labelled, located: Mapping[TypedSpan, Located]
) -> tuple[list[Error], dict[TypedSpan, Verdict], list[TypedSpan]]:
    """Missed entities that a prediction overlaps whose English names them.

    Returns:
        Their errors; what is wrong with each of these predictions; the other missed entities.
    """
    errors: list[Error] = []
    hits: dict[TypedSpan, Verdict] = {}
    open_spans: list[TypedSpan] = []
    for span in sentence.missed:
        reasons = {
            other: why
            for other in sentence.spurious
            if _touch(span[:2], other[:2]) and (why := _why_named(sentence, located, other, span))
        }
        if not reasons:
            open_spans.append(span)
            continue
        # The prediction that shares the most characters comes last, and is the one that is named.
        for other in sorted(reasons, key=lambda one: _touch(span[:2], one[:2])):
            same = other[:2] == span[:2]
            verdict: Verdict = (
                ("tagger", "mistyped", reasons[other])
                if same
                else ("boundary", "overlap", reasons[other])
            )
            if same or other not in hits:
                hits[other] = verdict
        words = sentence.words(sentence.english_of[other])
        errors.append(sentence.error("missed", verdict, span, words))
    return errors, hits, open_spans


def _missed(
    sentence: _Labelled,
    located: Mapping[TypedSpan, Located],
    open_spans: Sequence[TypedSpan],
    accounted: dict[Span, Evidence],
) -> list[Error]:
    """The errors of missed entities that no prediction overlaps; adds to `accounted`."""
    taken = {sentence.english_of[span] for span in sentence.right} | set(accounted)
    left_over = [
        mention for place, mention in sorted(sentence.mentions.items()) if place not in taken
    ]
    errors = []
    for span in open_spans:
        evidence: Evidence = "none"
        mention: TypedSpan | None = None
        if span in located:
            start, end, evidence = located[span]
            mention = max(
                (m for m in sentence.mentions.values() if _touch(m[:2], (start, end))),
                key=lambda m: (m[2] == span[2], m[:2]),
                default=None,
            )
        elif "tagger" in sentence.oracles and (
            alike := [mention for mention in left_over if mention[2] == span[2]]
        ):
            evidence, mention = "elimination", alike[0]
            left_over.remove(mention)
            accounted[mention[:2]] = evidence
        elif {"tagger", "translation"} & set(sentence.oracles):
            evidence = "oracle"
        stage, detail = _missed_verdict(sentence, span, mention, evidence)
        place = mention[:2] if mention else located[span][:2] if span in located else (0, 0)
        errors.append(
            sentence.error("missed", (stage, detail, evidence), span, sentence.words(place))
        )
    return errors


def _missed_verdict(
    sentence: _Labelled, span: TypedSpan, mention: TypedSpan | None, evidence: Evidence
) -> tuple[Stage, ErrorDetail]:
    """The step that lost a missed entity, whose English entity is `mention`, if there is one."""
    if mention is None:
        if evidence == "none":
            return "translation", "not named"
        if "tagger" in sentence.oracles:
            return "alignment", "nothing"
        return "tagger", "missed"
    if mention[2] != span[2]:
        return "tagger", "mistyped"
    if sentence.spans_of.get(mention[:2]):
        return "boundary", "elsewhere"
    return "alignment", "nothing"


def _spurious(
    sentence: _Labelled, hits: Mapping[TypedSpan, Verdict], accounted: Mapping[Span, Evidence]
) -> list[Error]:
    """The errors of predictions that gold has not."""
    errors = []
    for span in sentence.spurious:
        place = sentence.english_of[span]
        verdict: Verdict
        if span in hits:
            verdict = hits[span]
        elif place in accounted:
            verdict = ("boundary", "elsewhere", accounted[place])
        elif any(sentence.english_of[other] == place for other in sentence.right):
            verdict = ("boundary", "repeated", "")
        elif any(_touch(span[:2], other) for other in sentence.ignored):
            verdict = ("spurious", "ignored", "")
        else:
            verdict = ("spurious", "not in gold", "")
        errors.append(sentence.error("spurious", verdict, span, sentence.words(place)))
    return errors
