"""Score predicted entities against gold ones, and tell which step each error comes from.

Every function takes rows of our tables (`eatner.tsv.read`) and returns plain numbers, lists and
dictionaries that JSON can hold: fractions between 0 and 1, never NaN.

The headline figure is seqeval's strict F1 on IOB2 tags over code points: each code point is a
token, so an entity counts only where its first and last character and its type are right, in
languages with and without spaces alike. Sources: seqeval 1.2.2 (strict mode); the bootstrap is
Efron and Tibshirani 1993, ch. 13; approximate randomisation Noreen 1989; the expected calibration
error Guo et al. 2017; the flat F1 is that of EAT's released code.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rapidfuzz import fuzz
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from eatner.calibration import expected_error, reliability
from eatner.gold import TYPES, parse_tokens
from eatner.iob import encode

Row = Mapping[str, object]
Span = tuple[int, int, str]

# A reading that agrees with the English by this much names it. Measured on UNER PUD, Russian people
# against their English sentence: 86% found (97% of them on an English entity of gold), and 4% in
# another sentence; at 70 it is 71% and 0.5%.
_READING_LIKENESS = 60.0
_TITLE_LIKENESS = 90.0

STAGES = ("translation", "tagger", "alignment", "boundary", "spurious")


# --- spans --------------------------------------------------------------------------------------


def strict_spans(tags: Sequence[str]) -> list[Span]:
    """The entities of IOB2 tags as seqeval's strict mode sees them, as (start, end, type).

    Only `B-` opens an entity, and an `I-` that continues none belongs to none. (seqeval's default
    mode, where it opens one, is `iob.decode(tags, "lenient")`.)
    """
    spans: list[Span] = []
    start, label = -1, ""
    for position, tag in enumerate([*tags, "O"]):
        if start >= 0 and tag != f"I-{label}":
            spans.append((start, position, label))
            start = -1
        if tag.startswith("B-"):
            start, label = position, tag[2:]
    return spans


@dataclass(frozen=True, slots=True)
class _Case:
    """One sentence with its gold and predicted spans, in order."""

    sentence_id: str
    text: str
    tokens: tuple[tuple[int, int], ...]
    gold: tuple[Span, ...]
    predicted: tuple[Span, ...]


def _has_span(row: Row) -> bool:
    """Whether a row names a span; an abstention keeps its row and leaves start and end empty."""
    return str(row["start"]) != "" and str(row["end"]) != ""


def _spans(rows: Iterable[Row], texts: Mapping[str, str], what: str) -> dict[str, list[Span]]:
    """Checked spans by sentence.

    Raises:
        ValueError: An unknown sentence, an unknown type, a span outside its sentence, overlaps.
    """
    found: dict[str, list[Span]] = defaultdict(list)
    for row in rows:
        if not _has_span(row):
            continue
        name, start, end = str(row["sentence_id"]), int(str(row["start"])), int(str(row["end"]))
        kind = str(row["type"])
        where = f"{what} span {start}:{end} {kind} of the sentence {name!r}"
        if name not in texts:
            raise ValueError(f"the {where} belongs to no sentence of the corpus")
        if kind not in TYPES:
            raise ValueError(f"the {where} has none of the types {', '.join(TYPES)}")
        if not 0 <= start < end <= len(texts[name]):
            raise ValueError(f"the {where} is not within its {len(texts[name])} code points")
        found[name].append((start, end, kind))
    for name, spans in found.items():
        spans.sort()
        for left, right in pairwise(spans):
            if right[0] < left[1]:
                raise ValueError(f"{what} spans overlap in the sentence {name!r}: {left}, {right}")
    return found


def _cases(gold: Iterable[Row], predicted: Iterable[Row], sentences: Iterable[Row]) -> list[_Case]:
    rows = list(sentences)
    if not rows:
        raise ValueError("there is no sentence to score")
    texts = {str(row["sentence_id"]): str(row["text"]) for row in rows}
    scored = (row for row in gold if row.get("status", "scored") == "scored")
    right = _spans(scored, texts, "gold")
    guess = _spans(predicted, texts, "predicted")
    return [
        _Case(
            name := str(row["sentence_id"]),
            texts[name],
            parse_tokens(str(row.get("tokens", ""))),
            tuple(right.get(name, ())),
            tuple(guess.get(name, ())),
        )
        for row in rows
    ]


# --- counts and F1 ------------------------------------------------------------------------------


def _counts(cases: Sequence[_Case]) -> np.ndarray:
    """True positives, predicted and gold by sentence and type: int64, (sentences, types, 3)."""
    counts = np.zeros((len(cases), len(TYPES), 3), dtype=np.int64)
    for at, case in enumerate(cases):
        for span in set(case.gold) & set(case.predicted):
            counts[at, TYPES.index(span[2]), 0] += 1
        for column, spans in ((1, case.predicted), (2, case.gold)):
            for span in spans:
                counts[at, TYPES.index(span[2]), column] += 1
    return counts


def _f1(counts: np.ndarray) -> np.ndarray:
    """F1 from (..., 3) counts; 0 where there is neither a gold nor a predicted entity."""
    both = counts[..., 1] + counts[..., 2]
    return np.divide(2 * counts[..., 0], both, out=np.zeros(both.shape), where=both > 0)


def _figures(correct: float, predicted: float, support: float) -> dict[str, float]:
    both = predicted + support
    return {
        "precision": correct / predicted if predicted else 0.0,
        "recall": correct / support if support else 0.0,
        "f1": 2 * correct / both if both else 0.0,
    }


def _resampled(counts: np.ndarray, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Sums of `counts` over sentences drawn with replacement, a few hundred resamples at a time."""
    generator = np.random.default_rng(seed)
    n = len(counts)
    flat = counts.reshape(n, -1)
    for done in range(0, resamples, 256):
        size = min(256, resamples - done)
        drawn = generator.multinomial(n, np.full(n, 1 / n), size=size)
        yield (drawn @ flat).reshape(size, *counts.shape[1:])


def _interval(values: np.ndarray) -> list[float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return [float(low), float(high)]


def _tags(spans: Iterable[Span], length: int) -> list[str]:
    return encode(spans, length, "iob2")


def _seqeval(
    gold: list[list[str]], predicted: list[list[str]], average: str
) -> dict[str, float | int]:
    """seqeval's strict figures; zeros where neither side has an entity, which it cannot take."""
    if not any("B-" in tag for tags in (*gold, *predicted) for tag in tags):
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    precision, recall, f1, support = precision_recall_fscore_support(
        gold, predicted, average=average, scheme=IOB2, zero_division=0
    )
    return {
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "support": int(support),
    }


def score(
    gold: Iterable[Row],
    predicted: Iterable[Row],
    sentences: Iterable[Row],
    *,
    seed: int,
    resamples: int = 1000,
) -> dict[str, object]:
    """Strict entity-level precision, recall and F1 over all sentences.

    Sentences without gold entities count: what is predicted in them is a false positive. Gold rows
    with the status `ignored` are left out of gold, so a prediction on one is a false positive too;
    `ignored` and `predicted_on_ignored` say how many there are.

    Args:
        gold: Rows of gold.tsv.
        predicted: Rows with sentence_id, start, end, type; those whose start or end is empty are
            abstentions and no predictions.
        sentences: Rows of sentences.tsv.
        seed: Of the bootstrap.
        resamples: How often the sentences are drawn anew for the 95% intervals.

    Returns:
        `sentences` (n), `overall` (micro: precision, recall, f1, support, f1_ci95, and the counts
        correct and predicted), `macro` (the mean over types that occur, as seqeval has it),
        `per_type`, `tokens` (seqeval's strict figures on the corpus's tokens, or None without any,
        and how many entities do not fall on token boundaries), `overlap` (a shared character of
        the same type is enough), `flat` (the figures of the paper's code: types of characters; not
        to be quoted beside strict ones without saying so), and `note` where there is no gold.

    Raises:
        ValueError: No sentence; spans that overlap, leave their sentence, or belong to none.
    """
    gold = list(gold)
    cases = _cases(gold, predicted, sentences)
    right = [_tags(case.gold, len(case.text)) for case in cases]
    guess = [_tags(case.predicted, len(case.text)) for case in cases]
    by_type = _counts(cases)
    lenient, flat = (np.array([count(case) for case in cases]) for count in (_overlap, _flat))
    counts = np.concatenate([by_type, lenient[:, None], flat[:, None]], axis=1)
    total = counts.sum(axis=0)
    sums = np.concatenate(list(_resampled(counts, seed, resamples)))
    drawn = _f1(sums)
    kinds = len(TYPES)
    occurs = total[:kinds, 1:].any(axis=1)
    overall: dict[str, object] = dict(_seqeval(right, guess, "micro"))
    overall["f1_ci95"] = _interval(_f1(sums[:, :kinds].sum(axis=1)))
    overall |= {
        "correct": int(total[:kinds, 0].sum()),
        "predicted": int(total[:kinds, 1].sum()),
    }
    per_type = {}
    for column, kind in enumerate(TYPES):
        correct, guessed, support = map(int, total[column])
        per_type[kind] = {
            **_figures(correct, guessed, support),
            "support": support,
            "f1_ci95": _interval(drawn[:, column]),
            "correct": correct,
            "predicted": guessed,
        }
    macro: dict[str, object] = dict(_seqeval(right, guess, "macro"))
    del macro["support"]
    macro["f1_ci95"] = (
        _interval(drawn[:, :kinds][:, occurs].mean(axis=1)) if occurs.any() else [0.0, 0.0]
    )
    ignored = [row for row in gold if row.get("status") == "ignored"]
    spans = {(case.sentence_id, *span[:2]) for case in cases for span in case.predicted}
    on_ignored = sum(
        (str(row["sentence_id"]), int(str(row["start"])), int(str(row["end"]))) in spans
        for row in ignored
    )
    result: dict[str, object] = {
        "sentences": len(cases),
        "overall": overall,
        "macro": macro,
        "per_type": per_type,
        "tokens": _token_figures(cases),
        "overlap": {**_figures(*total[kinds]), "f1_ci95": _interval(drawn[:, kinds])},
        "flat": {**_figures(*total[kinds + 1]), "f1_ci95": _interval(drawn[:, kinds + 1])},
        "ignored": len(ignored),
        "predicted_on_ignored": on_ignored,
    }
    if not overall["support"]:
        result["note"] = "The gold holds no scored entity: F1 is 0 by definition."
    return result


def _token_figures(cases: Sequence[_Case]) -> dict[str, float | int] | None:
    """seqeval on the corpus's own tokens; a span takes every token that it touches.

    Equal to the figures on code points where all entities keep to token boundaries; those that do
    not, which tokens may forgive, are counted on both sides.
    """
    if not all(case.tokens for case in cases if case.text):
        return None
    sides: dict[str, list[list[str]]] = {"gold": [], "predicted": []}
    off = dict.fromkeys(sides, 0)
    for case in cases:
        starts = np.array([start for start, _ in case.tokens], dtype=np.int64)
        ends = np.array([end for _, end in case.tokens], dtype=np.int64)
        for side, tags in sides.items():
            touched, free = [], 0
            for start, end, kind in getattr(case, side):
                first = max(free, int(np.searchsorted(ends, start, side="right")))
                after = int(np.searchsorted(starts, end, side="left"))
                off[side] += not (start in starts and end in ends)
                if first < after:
                    touched.append((first, after, kind))
                    free = after
            tags.append(_tags(touched, len(case.tokens)))
    return {
        **_seqeval(sides["gold"], sides["predicted"], "micro"),
        "gold_off_boundary": off["gold"],
        "predicted_off_boundary": off["predicted"],
    }


def _overlap(case: _Case) -> tuple[int, int, int]:
    """True positives, predicted and gold where a shared character of the same type is enough.

    Each entity is paired once at most, so one long span over two names finds one of them.
    """
    correct = 0
    for kind in TYPES:
        left = [span for span in case.gold if span[2] == kind]
        right = [span for span in case.predicted if span[2] == kind]
        # Neither side overlaps itself, so pairing from left to right pairs the most.
        while left and right:
            if left[0][0] < right[0][1] and right[0][0] < left[0][1]:
                correct += 1
                left, right = left[1:], right[1:]
            elif left[0][1] <= right[0][1]:
                left = left[1:]
            else:
                right = right[1:]
    return correct, len(case.predicted), len(case.gold)


def _flat(case: _Case) -> tuple[int, int, int]:
    """True positives, predicted and gold characters, as the paper's code counts them.

    For comparison only: types of characters, without boundaries. As there, sentences without gold
    entities are skipped, a wrong boundary costs a character and two merged names nothing.
    """
    if not case.gold:
        return 0, 0, 0
    right, guess = [
        {at: kind for start, end, kind in spans for at in range(start, end)}
        for spans in (case.gold, case.predicted)
    ]
    return len(right.items() & guess.items()), len(guess), len(right)


# --- confidences --------------------------------------------------------------------------------


def calibration(
    gold: Iterable[Row], predicted: Iterable[Row], sentences: Iterable[Row], bins: int = 10
) -> dict[str, object]:
    """How well the confidences of predictions tell how often they are right.

    Args:
        gold: Rows of gold.tsv.
        predicted: Rows as for `score`, with `confidence`, a probability; rows without are left out.
        sentences: Rows of sentences.tsv.
        bins: The number of bins of equal width over 0 to 1.

    Returns:
        `n`; `ece`, the expected calibration error (the mean gap between confidence and accuracy,
        weighted by bin), and `brier`, both None where n is 0; `bins`: low, high, n, and the mean
        confidence and accuracy of each bin that has predictions.

    Raises:
        ValueError: A confidence outside 0 to 1; what `score` raises.
    """
    rows = [row for row in predicted if _has_span(row) and str(row.get("confidence", "")) != ""]
    cases = _cases(gold, rows, sentences)
    right = {(case.sentence_id, *span) for case in cases for span in case.gold}
    sure = np.array([float(str(row["confidence"])) for row in rows])
    if not np.all((sure >= 0) & (sure <= 1)):
        raise ValueError("a confidence is not between 0 and 1")
    hits = np.array(
        [
            (str(r["sentence_id"]), int(str(r["start"])), int(str(r["end"])), r["type"]) in right
            for r in rows
        ],
        dtype=float,
    )
    table = reliability(sure, hits, bins)
    return {
        "n": len(rows),
        "ece": expected_error(table) if rows else None,
        "brier": float(((sure - hits) ** 2).mean()) if rows else None,
        "bins": table,
    }


# --- two systems --------------------------------------------------------------------------------


def compare(
    gold: Iterable[Row],
    baseline: Iterable[Row],
    systems: Mapping[str, Iterable[Row]],
    sentences: Iterable[Row],
    *,
    seed: int,
    resamples: int = 10_000,
) -> dict[str, dict[str, dict[str, object]]]:
    """Whether systems differ from a baseline in strict F1 on the sentences that they share.

    Args:
        gold: Rows of gold.tsv.
        baseline: Predictions of the system to compare with, as for `score`.
        systems: Predictions of the others by name.
        sentences: Rows of the shared sentences; rows of other tables on others are left out.
        seed: Of both tests; all systems and types are drawn alike.
        resamples: Of each.

    Returns:
        By name and then by type, `all` being micro F1 over all of them: `f1` of the baseline and
        of the system, `difference` (system less baseline), `difference_ci95` by paired bootstrap,
        and `p_value`, two-sided, by approximate randomisation: how often systems that swap their
        output sentence by sentence at random differ as much.

    Raises:
        ValueError: What `score` raises.
    """
    if not systems:
        return {}
    sentences = list(sentences)
    shared = {str(row["sentence_id"]) for row in sentences}
    right = [row for row in gold if str(row["sentence_id"]) in shared]

    def counted(rows: Iterable[Row]) -> np.ndarray:
        ours = [row for row in rows if str(row["sentence_id"]) in shared]
        by_type = _counts(_cases(right, ours, sentences))
        return np.concatenate([by_type.sum(axis=1, keepdims=True), by_type], axis=1)

    one = counted(baseline)
    # (sentences, systems, types and all, 3), in floats, whose products are fast and exact here.
    others = np.stack([counted(rows) for rows in systems.values()], axis=1).astype(float)
    apart = others - one[:, None]
    totals = one.sum(axis=0, dtype=float), others.sum(axis=0)
    scores = _f1(totals[0]), _f1(totals[1])
    difference = scores[1] - scores[0]
    both = np.concatenate([one[:, None].astype(float), others], axis=1)
    sums = np.concatenate([_f1(part) for part in _resampled(both, seed, resamples)])
    low, high = np.percentile(sums[:, 1:] - sums[:, :1], [2.5, 97.5], axis=0)
    generator = np.random.default_rng(seed)
    as_large = np.zeros(difference.shape, dtype=np.int64)
    for done in range(0, resamples, 256):
        size = min(256, resamples - done)
        swapped = generator.integers(0, 2, size=(size, len(one))).astype(float)
        moved = (swapped @ apart.reshape(len(one), -1)).reshape(size, *apart.shape[1:])
        gap = _f1(totals[0] + moved) - _f1(totals[1] - moved)
        # The tolerance counts a swap that only rounds differently as the tie that it is.
        as_large += (np.abs(gap) >= np.abs(difference) - 1e-12).sum(axis=0)
    return {
        name: {
            kind: {
                "f1": [float(scores[0][column]), float(scores[1][at, column])],
                "difference": float(difference[at, column]),
                "difference_ci95": [float(low[at, column]), float(high[at, column])],
                "p_value": (int(as_large[at, column]) + 1) / (resamples + 1),
            }
            for column, kind in enumerate(("all", *TYPES))
        }
        for at, name in enumerate(systems)
    }


# --- errors by stage ----------------------------------------------------------------------------


def _plain(text: str) -> str:
    """Letters and digits in lower case without accents, one space between words.

    For comparing only: offsets are lost.
    """
    bare = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", bare))


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
    wanted = [(_plain(re.sub(r" \(.*\)$", "", name)), _TITLE_LIKENESS, "title") for name in names]
    wanted.append((_plain(romanise(surface)), _READING_LIKENESS, "reading"))
    for target, threshold, evidence in wanted:
        solid = target.replace(" ", "")
        if not solid:
            continue
        best = (threshold, 0, 0)
        size = len(target.split())
        for first, (start, _) in enumerate(words):
            # Readings may lack the word boundaries that English has, by one or two.
            for last in range(first, min(first + size + 2, len(words))):
                run = _plain(english[start : words[last][1]]).replace(" ", "")
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


def _by_sentence(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["sentence_id"])].append(row)
    return found


def _english(row: Row) -> tuple[int, int]:
    """The English span that a prediction came from; an empty one for systems without English."""
    return int(str(row["english_start"]) or 0), int(str(row["english_end"]) or 0)


@dataclass(frozen=True, slots=True)
class _Error:
    kind: str
    stage: str
    detail: str
    evidence: str
    span: Span
    english: str = ""


def errors_by_stage(
    sentences: Iterable[Row],
    gold: Iterable[Row],
    translate: Iterable[Row],
    tag: Iterable[Row],
    align: Iterable[Row],
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
        (a list of sentence_id, kind, stage, detail, evidence, start, end, type, surface, english)
        and `estimate`, a sentence that says what the numbers are.

    Raises:
        ValueError: What `score` raises.
    """
    gold, align = list(gold), list(align)
    cases = _cases(gold, align, sentences)
    texts = {str(row["sentence_id"]): str(row["english"]) for row in translate}
    ignored = _by_sentence(row for row in gold if row.get("status") == "ignored")
    tags = _by_sentence(row for row in tag if row.get("status", "tagged") == "tagged")
    aligned = _by_sentence(align)
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
            [(int(str(r["start"])), int(str(r["end"]))) for r in ignored.get(name, [])],
            lexicon,
            romanise,
            oracles,
        )
        for error in found:
            counts[error.kind][error.stage] += 1
            start, end, kind = error.span
            errors.append(
                {
                    "sentence_id": name,
                    "kind": error.kind,
                    "stage": error.stage,
                    "detail": error.detail,
                    "evidence": error.evidence,
                    "start": start,
                    "end": end,
                    "type": kind,
                    "surface": case.text[start:end],
                    "english": error.english,
                }
            )
    return {
        "correct": correct,
        **{kind: {stage: counts[kind][stage] for stage in STAGES} for kind in counts},
        "errors": errors,
        "estimate": "Whether the translation names an entity is judged by the lexicon's English "
        "titles and by the likeness of readings, so the first stages are estimates.",
    }


def _sentence_errors(
    case: _Case,
    english: str,
    tags: Sequence[Row],
    aligned: Sequence[Row],
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
    mentions: dict[tuple[int, int], Span] = {}  # the tag's English offsets and type
    for row in tags:
        at = int(str(row["start"])), int(str(row["end"]))
        mentions[at] = (*at, str(row["type"]))
    spans_of: dict[tuple[int, int], list[Span]] = defaultdict(list)
    english_of: dict[Span, tuple[int, int]] = {}
    sure: set[Span] = set()
    for row in aligned:
        if _has_span(row):
            span = int(str(row["start"])), int(str(row["end"])), str(row["type"])
            spans_of[_english(row)].append(span)
            english_of[span] = _english(row)
            if float(str(row.get("confidence", "")) or 0) > 0.5:
                sure.add(span)

    def words(at: tuple[int, int]) -> str:
        return english[at[0] : at[1]]

    located: dict[Span, tuple[int, int, str]] = {}
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

    def why_named(other: Span, span: Span) -> str | None:
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
    open_spans: list[Span] = []
    hit: dict[Span, tuple[str, str, str]] = {}  # stage, detail, evidence
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
        mention: Span | None = None
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
