from __future__ import annotations

import json
import math
import random
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import DATA
from seqeval.metrics import classification_report, f1_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_seqeval
from seqeval.scheme import IOB2, Entities

from eatner import indexed, tables
from eatner.corpora import formats, iob
from eatner.errors import InputError
from eatner.evaluate import score, significance
from eatner.evaluate.cases import figures_of, strict_spans
from eatner.evaluate.count import count
from eatner.evaluate.significance import compare, resample
from eatner.evaluate.stages import STAGES, count_errors, find_errors, find_mention
from eatner.evaluate.system import evaluate
from eatner.tables import (
    TYPES,
    Alignment,
    Error,
    GoldEntity,
    Mention,
    Sentence,
    Span,
    Translation,
)

KINDS = TYPES


def row(name: str, start: int | None, end: int | None, kind: str, **more: object) -> Alignment:
    """A prediction; `as_gold` makes gold of it."""
    given = {"english": "", "english_start": None, "english_end": None, "surface": ""} | more
    return Alignment(sentence_id=name, start=start, end=end, type=kind, **given)


def as_gold(rows: Iterable[Alignment | GoldEntity]) -> list[GoldEntity]:
    return [
        one
        if isinstance(one, GoldEntity)
        else GoldEntity(one.sentence_id, one.start, one.end, "", one.type, one.type)
        for one in rows
    ]


def ignored(name: str, start: int, end: int) -> GoldEntity:
    return GoldEntity(name, start, end, "", "", "DATE", "ignored")


def mention(name: str, start: int, end: int, kind: str) -> Mention:
    return Mention(name, start, end, "", kind)


def text(name: str, value: str, tokens: tuple[Span, ...] = ()) -> Sentence:
    return Sentence(name, value, tokens)


def characters(length: int) -> tuple[Span, ...]:
    """A token for each of so many characters."""
    return tuple((at, at + 1) for at in range(length))


def scored(gold: Iterable, predicted: Iterable, sentences: list, **options: int) -> dict:
    return score.score(as_gold(gold), predicted, sentences, seed=1, **options)


def finite(value: object) -> object:
    """The value as JSON gives it back; NaN and infinity are errors."""
    return json.loads(json.dumps(value, allow_nan=False))


# --- equal to seqeval ---------------------------------------------------------------------------


def random_tags(generator: random.Random, length: int, valid: bool) -> list[str]:
    """Tags in any order, or an order that IOB2 allows."""
    tags: list[str] = []
    for _ in range(length):
        kind = generator.choice(KINDS)
        tag = generator.choice(["O", f"B-{kind}", f"I-{kind}"])
        before = tags[-1] if tags else "O"
        if valid and tag[0] == "I" and before[1:] != tag[1:]:
            tag = "B" + tag[1:]
        tags.append(tag)
    return tags


def f1_of(gold: list[set], predicted: list[set]) -> float:
    correct = sum(len(a & b) for a, b in zip(gold, predicted, strict=True))
    both = sum(map(len, gold)) + sum(map(len, predicted))
    return 2 * correct / both if both else 0.0


@pytest.mark.parametrize("valid", [True, False])
def test_spans_and_f1_equal_seqeval_on_ten_thousand_sequences(valid: bool) -> None:
    generator = random.Random(7)
    for _ in range(500):
        gold = [random_tags(generator, generator.randrange(1, 12), valid) for _ in range(10)]
        guess = [random_tags(generator, len(tags), valid) for tags in gold]
        strict = [[set(strict_spans(tags)) for tags in side] for side in (gold, guess)]
        lenient = [[set(iob.decode(t, "lenient")) for t in side] for side in (gold, guess)]
        for tags, spans, wide in zip(gold, strict[0], lenient[0], strict=True):
            [entities] = Entities([tags], IOB2).entities
            assert {(e.start, e.end, e.tag) for e in entities} == spans
            assert {(a, b + 1, kind) for kind, a, b in get_entities(tags)} == wide
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = f1_score(gold, guess, mode="strict", scheme=IOB2, zero_division=0)
            assert f1_of(*strict) == pytest.approx(expected, abs=1e-12)
            expected = f1_score(gold, guess, zero_division=0)
            assert f1_of(*lenient) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("valid", [True, False])
def test_the_scorer_equals_seqeval_on_thousands_of_sequences(valid: bool) -> None:
    """What `score` counts itself, by type and overall, in both of seqeval's modes."""
    generator = random.Random(11)
    modes = {"strict": strict_spans, "lenient": lambda tags: iob.decode(tags, "lenient")}
    for _ in range(25):
        sides = [[], []]
        for _ in range(100):
            sides[0].append(random_tags(generator, generator.randrange(1, 12), valid))
            sides[1].append(random_tags(generator, len(sides[0][-1]), valid))
        sentences = [
            text(str(at), "字" * len(tags), characters(len(tags)))
            for at, tags in enumerate(sides[0])
        ]
        for mode, decode in modes.items():
            gold, guess = (
                [row(str(at), *span) for at, tags in enumerate(side) for span in decode(tags)]
                for side in sides
            )
            ours = scored(gold, guess, sentences, resamples=2)
            strict = {"mode": "strict", "scheme": IOB2} if mode == "strict" else {}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = classification_report(*sides, output_dict=True, zero_division=0, **strict)
            rows = {"micro avg": ours["overall"], "macro avg": ours["macro"], **ours["per_type"]}
            rows["on tokens"], theirs["on tokens"] = ours["tokens"], theirs["micro avg"]
            for name, figures in rows.items():
                for ours_has in {"precision", "recall", "f1", "support"} & set(figures):
                    value = theirs[name]["f1-score" if ours_has == "f1" else ours_has]
                    assert figures[ours_has] == pytest.approx(value, abs=1e-12), (mode, name)


@st.composite
def labelled(draw) -> tuple[list, list, list]:
    """Sentences of one-letter tokens with gold and predicted spans on them."""
    sentences, gold, predicted = [], [], []
    for number in range(draw(st.integers(1, 4))):
        length = draw(st.integers(0, 12))
        sentences.append(text(str(number), "字" * length, characters(length)))
        for rows in (gold, predicted):
            at = 0
            while at < length:
                width = draw(st.integers(1, min(3, length - at)))
                kind = draw(st.sampled_from([*KINDS, None, None]))
                if kind:
                    rows.append(row(str(number), at, at + width, kind))
                at += width
    return gold, predicted, sentences


@given(labelled())
@settings(max_examples=150, deadline=None)
def test_counts_seqeval_on_code_points_and_on_tokens_agree(case: tuple) -> None:
    gold, predicted, sentences = case
    result = scored(gold, predicted, sentences, resamples=20)
    finite(result)
    overall, tokens = result["overall"], result["tokens"]
    figures = figures_of(overall["correct"], overall["predicted"], overall["support"])
    for name, value in figures.items():
        assert overall[name] == pytest.approx(value, abs=1e-12)
        assert tokens[name] == pytest.approx(value, abs=1e-12)
    assert tokens["gold_off_boundary"] == tokens["predicted_off_boundary"] == 0
    for figures in (overall, result["macro"], result["overlap"], result["flat"]):
        low, high = figures["f1_ci95"]
        assert 0 <= low <= high <= 1
    # Every strict hit is an overlap too.
    assert result["overlap"]["f1"] >= overall["f1"] - 1e-12
    kinds = {r.type for r in (*gold, *predicted)}
    if kinds:
        mean = sum(result["per_type"][kind]["f1"] for kind in kinds) / len(kinds)
        assert result["macro"]["f1"] == pytest.approx(mean, abs=1e-12)


def test_the_bootstrap_is_that_of_whole_f1s() -> None:
    """Resampled counts give what scoring the drawn sentences again gives."""
    generator = np.random.default_rng(3)
    counts = generator.integers(0, 3, size=(30, 3, 3))
    counts[..., 0] = np.minimum(counts[..., 1], counts[..., 2])
    [part] = resample(counts, seed=5, resamples=50)
    drawn = np.random.default_rng(5).multinomial(30, np.full(30, 1 / 30), size=50)
    for weights, total in zip(drawn, part, strict=True):
        again = np.concatenate([counts[[at] * times] for at, times in enumerate(weights)])
        assert (again.sum(axis=0) == total).all()


# --- cases --------------------------------------------------------------------------------------

TOKYO = [
    text("1", "東京とニューヨーク", ((0, 2), (2, 3), (3, 9))),
    text("2", "雨だ", characters(2)),
]
GOLD = [row("1", 0, 2, "LOC"), row("1", 3, 9, "LOC")]


def test_figures_by_hand() -> None:
    predicted = [row("1", 0, 2, "LOC"), row("1", 3, 8, "LOC"), row("2", 0, 1, "PER")]
    result = scored(GOLD, predicted, TOKYO)
    overall = result["overall"]
    assert overall["precision"] == pytest.approx(1 / 3)
    assert (overall["recall"], overall["f1"]) == (0.5, pytest.approx(0.4))
    assert (overall["support"], overall["predicted"], overall["correct"]) == (2, 3, 1)
    assert result["sentences"] == 2
    assert result["per_type"]["LOC"]["f1"] == 0.5
    assert result["per_type"]["PER"]["predicted"] == 1
    assert result["per_type"]["ORG"]["support"] == 0
    assert result["macro"]["f1"] == 0.25
    # On tokens the wrong boundary is forgiven, and counted.
    assert result["tokens"]["f1"] == pytest.approx(0.8)
    assert result["tokens"]["gold_off_boundary"] == 0
    assert result["tokens"]["predicted_off_boundary"] == 1
    assert result["overlap"]["f1"] == pytest.approx(0.8)
    # The paper's figure does not see the false positive of the sentence without gold.
    assert result["flat"]["precision"] == 1
    assert result["flat"]["recall"] == pytest.approx(7 / 8)


def test_the_paper_flat_figure_forgives_boundary_and_merger() -> None:
    sentences = [text("1", "東京大阪")]
    gold = [row("1", 0, 2, "LOC"), row("1", 2, 4, "LOC")]
    merged = [row("1", 0, 4, "LOC")]
    two = scored(gold, merged, sentences)
    assert two["overall"]["f1"] == 0
    assert (two["flat"]["f1"], two["overlap"]["f1"]) == (1, pytest.approx(2 / 3))
    cut = scored(gold[:1], [row("1", 0, 1, "LOC")], sentences)
    assert cut["flat"]["f1"] == pytest.approx(2 / 3)


def test_perfect_and_the_same_again() -> None:
    one = scored(GOLD, list(reversed(GOLD)), TOKYO)
    assert one["overall"]["f1"] == one["macro"]["f1"] == one["tokens"]["f1"] == 1
    assert one == scored(GOLD, GOLD, TOKYO)


def test_an_interval_holds_the_score_and_narrows() -> None:
    def width(n: int) -> float:
        sentences = [text(str(i), "東京") for i in range(n)]
        gold = [row(str(i), 0, 2, "LOC") for i in range(n)]
        overall = scored(gold, gold[::2], sentences)["overall"]
        low, high = overall["f1_ci95"]
        assert low < overall["f1"] < high
        return high - low

    assert width(400) < width(40)


def test_ignored_gold_is_no_gold_and_a_prediction_on_it_is_false() -> None:
    gold = [*GOLD, ignored("2", 0, 1)]
    result = scored(gold, [row("2", 0, 1, "LOC")], TOKYO)
    assert result["overall"]["support"] == 2
    assert (result["ignored"], result["predicted_on_ignored"]) == (1, 1)
    assert result["overall"]["precision"] == 0


def test_abstentions_are_no_predictions() -> None:
    abstained = row("2", None, None, "PER", status="abstained")
    result = scored(GOLD, [*GOLD, abstained], TOKYO)
    assert result["overall"]["precision"] == 1


@pytest.mark.parametrize("predicted", [[], [row("2", 0, 1, "PER")]])
def test_no_gold_is_defined(predicted: list) -> None:
    result = finite(scored([], predicted, TOKYO))
    assert result["overall"]["f1"] == 0
    assert result["overall"]["f1_ci95"] == [0, 0]
    assert "no scored entity" in result["note"]


def test_nothing_predicted() -> None:
    result = finite(scored(GOLD, [], TOKYO))
    assert (result["overall"]["f1"], result["overall"]["support"]) == (0, 2)
    assert "note" not in result


def test_raw_text_has_no_token_figures() -> None:
    assert scored([], [], [text("1", "東京")])["tokens"] is None


@pytest.mark.parametrize(
    ("predicted", "problem"),
    [
        ([row("1", 0, 2, "LOC"), row("1", 1, 3, "LOC")], "overlap in the sentence '1'"),
        ([row("1", 0, 2, "LOC"), row("1", 0, 2, "LOC")], "overlap"),
        ([row("1", 0, 10, "LOC")], "not within its 9 code points"),
        ([row("1", 2, 2, "LOC")], "not within"),
        ([row("1", -1, 2, "LOC")], "not within"),
        ([row("9", 0, 2, "LOC")], "belongs to no sentence"),
        ([row("1", 0, 2, "GPE")], "none of the types"),
    ],
)
def test_impossible_predictions_are_errors(predicted: list, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        scored(GOLD, predicted, TOKYO)
    with pytest.raises(ValueError, match=problem):
        scored(predicted, GOLD, TOKYO)


def test_no_sentence_is_an_error() -> None:
    with pytest.raises(ValueError, match="no sentence"):
        scored([], [], [])


def test_ten_thousand_sentences_are_scored_in_seconds() -> None:
    sentences = [text(str(i), "東京とニューヨーク" * 3) for i in range(3000)]
    gold = [row(str(i), 0, 2, "LOC") for i in range(3000)]
    assert scored(gold, gold, sentences)["overall"]["f1"] == 1


# --- confidences and two systems ----------------------------------------------------------------


def test_calibration_by_hand() -> None:
    predicted = [
        row("1", 0, 2, "LOC", confidence=0.9),
        row("1", 3, 9, "LOC", confidence=1.0),
        row("2", 0, 1, "PER", confidence=0.95),
        row("2", 1, 2, "PER", confidence=None),
    ]
    result = finite(score.calibration(count(as_gold(GOLD), predicted, TOKYO)))
    assert result["n"] == 3
    assert [(b["low"], b["n"]) for b in result["bins"]] == [(0.9, 3)]
    assert result["bins"][0]["accuracy"] == pytest.approx(2 / 3)
    assert result["ece"] == pytest.approx(0.95 - 2 / 3)
    assert result["brier"] == pytest.approx((0.01 + 0 + 0.9025) / 3)


def test_calibration_of_nothing_and_of_nonsense() -> None:
    assert score.calibration(count(as_gold(GOLD), [], TOKYO)) == {
        "n": 0,
        "ece": None,
        "brier": None,
        "bins": [],
    }
    for wrong in (1.5, -0.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            count(as_gold(GOLD), [row("1", 0, 2, "LOC", confidence=wrong)], TOKYO)


def compared(gold: list, one: list, two: list, sentences: list, resamples: int) -> dict:
    systems = {"two": two}
    found = compare(as_gold(gold), one, systems, sentences, seed=1, resamples=resamples)
    return finite(found)["two"]["all"]


def test_compare() -> None:
    sentences = [text(str(i), "東京") for i in range(60)]
    gold = [row(str(i), 0, 2, "LOC") for i in range(60)]
    clear = compared(gold, gold[:40], gold, sentences, 2000)
    assert clear["f1"] == [pytest.approx(0.8), 1]
    assert clear["difference"] == pytest.approx(1 - 0.8)
    assert clear["p_value"] < 0.001
    assert clear["difference_ci95"][0] > 0
    same = compared(gold, gold[:40], gold[:40], sentences, 500)
    assert (same["difference"], same["p_value"]) == (0, 1)
    # One better sentence in sixty is chance: half of the swaps differ as much... and all do.
    slight = compared(gold, gold[:59], gold, sentences, 2000)
    assert slight["p_value"] == 1
    assert slight["difference_ci95"][0] == 0
    swapped = compared(gold, gold, gold[:40], sentences, 2000)
    assert swapped["difference"] == -clear["difference"]
    # Rows of sentences that are not shared are left out.
    assert compared(gold, gold, gold[:2], sentences[:5], 10)["f1"] == [1, pytest.approx(4 / 7)]
    assert compare(as_gold(gold), gold, {}, sentences, seed=1) == {}


def test_counts_are_the_same_some_sentences_at_a_time(tmp_path, monkeypatch) -> None:
    sentences = [text(str(i), "東京") for i in range(10)]
    gold = [row(str(i), 0, 2, "LOC") for i in range(0, 10, 2)]
    found = gold[:3]
    paths = [tmp_path / name for name in ("gold.tsv", "align.tsv", "sentences.tsv")]
    tables.write(paths[0], GoldEntity, as_gold(gold))
    tables.write(paths[1], Alignment, found)
    tables.write(paths[2], Sentence, sentences)
    whole = significance.count_types(as_gold(gold), found, sentences)
    assert whole.sum() > 0
    for size in (3, 100):
        monkeypatch.setattr(indexed, "BLOCK", size)
        counts = significance.count_tables(paths[0], {"one": paths[1]}, paths[2])
        assert (counts["one"] == whole).all()


def test_systems_and_types_are_compared_as_if_each_were_alone() -> None:
    sentences = [text(str(i), "東京と鈴木") for i in range(30)]
    places = [row(str(i), 0, 2, "LOC") for i in range(30)]
    people = [row(str(i), 3, 5, "PER") for i in range(30)]
    gold = [*places, *people]
    systems = {"places": places, "some": [*places[:9], *people]}
    both = compare(as_gold(gold), places[:20], systems, sentences, seed=1, resamples=600)
    for name, rows in systems.items():
        alone = compared(gold, places[:20], rows, sentences, 600)
        assert finite(both[name]["all"]) == alone
    only = compared(people, [], people, sentences, 600)
    assert finite(both["some"]["PER"]) == only
    assert both["places"]["PER"]["p_value"] == 1
    assert both["places"]["ORG"]["f1"] == [0, 0]


def test_memory_is_limited_and_the_figures_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [text(str(i), "東京") for i in range(30)]
    gold = [row(str(i), 0, 2, "LOC") for i in range(30)]
    whole = compared(gold, gold[:20], gold[5:], sentences, 500)
    monkeypatch.setattr(significance, "DRAWN", 100)
    assert compared(gold, gold[:20], gold[5:], sentences, 500) == whole


def test_the_randomisation_test_holds_its_level() -> None:
    """Two equally good systems are told apart by chance only: in about 5 of 100 corpora."""
    generator = random.Random(2)
    sentences = [text(str(i), "東京") for i in range(40)]
    gold = [row(str(i), 0, 2, "LOC") for i in range(40)]
    found = 0
    for _ in range(100):
        one, two = ([g for g in gold if generator.random() < 0.6] for _ in range(2))
        found += compared(gold, one, two, sentences, 300)["p_value"] <= 0.05
    assert found <= 12


# --- errors by stage ----------------------------------------------------------------------------

# A sentence, its gold, its English, the tags and the alignment, and what is to be found.
LEXICON = {"東京": ["Tokyo"], "米国": ["United States"], "鈴木": ["Suzuki (surname)"]}
READINGS = {"東京": "toukyou", "米国": "beikoku", "鈴木": "suzuki", "トヨタ": "toyota"}
READINGS["日銀"] = "nichigin"
SENTENCE = "鈴木は東京のトヨタ"
PARTS = {"鈴木": (0, 2, "PER"), "東京": (3, 5, "LOC"), "トヨタ": (6, 9, "ORG")}
ENGLISH = "Suzuki is at Toyota in Tokyo."


def at(english: str, word: str) -> tuple[int, int]:
    start = english.index(word)
    return start, start + len(word)


def attribute(gold: list, english: str, tags: dict, align: dict, **options) -> list[tuple]:
    """Stages of a sentence; `tags`: English to type; `align`: English to a span, a type or None."""
    tag_rows = [mention("1", *at(english, word), kind) for word, kind in tags.items()]
    align_rows = []
    for word, span in align.items():
        start, end = at(english, word)
        place = span or (None, None, tags[word])
        align_rows.append(row("1", *place, english_start=start, english_end=end))
    return told(
        find_errors(
            [text("1", SENTENCE)],
            as_gold(gold),
            [Translation("1", english)],
            tag_rows,
            align_rows,
            lexicon=LEXICON,
            romanise=lambda surface: READINGS.get(surface, surface),
            **options,
        )
    )


def told(errors: Iterable[Error]) -> list[tuple]:
    return [(e.kind, e.surface, e.stage, e.detail, e.evidence) for e in errors]


ALL_TAGS = {"Suzuki": "PER", "Tokyo": "LOC", "Toyota": "ORG"}
ALL_SPANS = {"Suzuki": PARTS["鈴木"], "Tokyo": PARTS["東京"], "Toyota": PARTS["トヨタ"]}
ALL_GOLD = [row("1", *span) for span in PARTS.values()]


def test_no_errors() -> None:
    assert attribute(ALL_GOLD, ENGLISH, ALL_TAGS, ALL_SPANS) == []


@pytest.mark.parametrize(
    ("english", "tags", "align", "expected"),
    [
        (
            "He is at Toyota in Tokyo.",
            {"Tokyo": "LOC", "Toyota": "ORG"},
            {"Tokyo": PARTS["東京"], "Toyota": PARTS["トヨタ"]},
            [("missed", "鈴木", "translation", "not named", "none")],
        ),
        (
            "",
            {},
            {},
            [("missed", name, "translation", "not named", "none") for name in PARTS],
        ),
        (
            ENGLISH,
            {"Suzuki": "PER", "Toyota": "ORG"},
            {"Suzuki": PARTS["鈴木"], "Toyota": PARTS["トヨタ"]},
            [("missed", "東京", "tagger", "missed", "title")],
        ),
        (
            ENGLISH,
            {"Suzuki": "PER", "Tokyo": "LOC"},
            {"Suzuki": PARTS["鈴木"], "Tokyo": PARTS["東京"]},
            [("missed", "トヨタ", "tagger", "missed", "reading")],
        ),
        (
            ENGLISH,
            ALL_TAGS | {"Toyota": "LOC"},
            ALL_SPANS | {"Toyota": (6, 9, "LOC")},
            [
                ("missed", "トヨタ", "tagger", "mistyped", "reading"),
                ("spurious", "トヨタ", "tagger", "mistyped", "reading"),
            ],
        ),
        (
            ENGLISH,
            ALL_TAGS | {"Toyota": "LOC"},
            ALL_SPANS | {"Toyota": None},
            [("missed", "トヨタ", "tagger", "mistyped", "reading")],
        ),
        (
            ENGLISH,
            ALL_TAGS,
            ALL_SPANS | {"Tokyo": None},
            [("missed", "東京", "alignment", "nothing", "title")],
        ),
        (
            ENGLISH,
            ALL_TAGS,
            ALL_SPANS | {"Tokyo": (3, 6, "LOC")},
            [
                ("missed", "東京", "boundary", "overlap", "title"),
                ("spurious", "東京の", "boundary", "overlap", "title"),
            ],
        ),
        (
            ENGLISH,
            ALL_TAGS,
            ALL_SPANS | {"Tokyo": (2, 3, "LOC")},
            [
                ("missed", "東京", "boundary", "elsewhere", "title"),
                ("spurious", "は", "boundary", "elsewhere", "title"),
            ],
        ),
        (
            ENGLISH.replace("Tokyo", "Edo"),
            {"Suzuki": "PER", "Toyota": "ORG", "Edo": "LOC"},
            {"Suzuki": PARTS["鈴木"], "Toyota": PARTS["トヨタ"], "Edo": None},
            [("missed", "東京", "translation", "not named", "none")],
        ),
        # A name that was made up, and put where another one is missed, is not that one mistyped.
        (
            ENGLISH.replace("Tokyo", "Oslo"),
            {"Suzuki": "PER", "Toyota": "ORG", "Oslo": "ORG"},
            {"Suzuki": PARTS["鈴木"], "Toyota": PARTS["トヨタ"], "Oslo": (3, 5, "ORG")},
            [
                ("missed", "東京", "translation", "not named", "none"),
                ("spurious", "東京", "spurious", "not in gold", ""),
            ],
        ),
        (
            ENGLISH + " Hello, Kyoto.",
            ALL_TAGS | {"Kyoto": "LOC"},
            ALL_SPANS | {"Kyoto": (2, 3, "LOC")},
            [("spurious", "は", "spurious", "not in gold", "")],
        ),
    ],
)
def test_each_stage(english: str, tags: dict, align: dict, expected: list) -> None:
    assert attribute(ALL_GOLD, english, tags, align) == expected


def test_a_second_place_for_an_entity_that_is_right() -> None:
    align = [
        row("1", *PARTS["東京"], english_start=23, english_end=28),
        row("1", 2, 3, "LOC", english_start=23, english_end=28),
    ]
    errors = find_errors(
        [text("1", SENTENCE)],
        as_gold(ALL_GOLD[1:2]),
        [Translation("1", ENGLISH)],
        [mention("1", 23, 28, "LOC")],
        align,
        lexicon=LEXICON,
        romanise=str,
    )
    assert [(e.stage, e.detail) for e in errors] == [("boundary", "repeated")]


def test_a_prediction_on_an_ignored_entity_says_so() -> None:
    gold = [*ALL_GOLD[1:], ignored("1", 0, 2)]
    expected = [("spurious", "鈴木", "spurious", "ignored", "")]
    assert attribute(gold, ENGLISH, ALL_TAGS, ALL_SPANS) == expected


def test_oracles_rule_out_their_stage() -> None:
    gold, english = ALL_GOLD[:1], "He is here."
    for oracles, stage in [
        ([], "translation"),
        (["translation"], "tagger"),
        (["translation", "tagger"], "alignment"),
    ]:
        [error] = attribute(gold, english, {}, {}, oracles=oracles)
        assert error[2] == stage


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], [("missed", "鈴木", "tagger", "missed", "oracle")]),
        (
            [(0, 2, "LOC")],
            [
                ("missed", "鈴木", "tagger", "mistyped", "oracle"),
                ("spurious", "鈴木", "tagger", "mistyped", "oracle"),
            ],
        ),
        (
            [(0, 3, "PER")],
            [
                ("missed", "鈴木", "boundary", "overlap", "oracle"),
                ("spurious", "鈴木は", "boundary", "overlap", "oracle"),
            ],
        ),
        (
            [PARTS["鈴木"], (2, 3, "LOC")],
            [("spurious", "は", "spurious", "not in gold", "")],
        ),
    ],
)
def test_what_reads_the_sentence_itself_errs_in_the_tagger(found: list, expected: list) -> None:
    """Nothing is laid to a translation that there is not, and no name is taken for another."""
    places = [*found, PARTS["東京"], PARTS["トヨタ"]]
    lost = Mention("1", None, None, "Suzuki", "PER", status="not_found")
    errors = find_errors(
        [text("1", SENTENCE)],
        as_gold(ALL_GOLD),
        [Translation("1", SENTENCE)],
        [lost, *(mention("1", *place) for place in places)],
        [row("1", *place, english_start=place[0], english_end=place[1]) for place in places],
        lexicon=LEXICON,
        romanise=lambda surface: READINGS.get(surface, surface),
    )
    assert told(errors) == expected


def test_systems_without_english() -> None:
    align = [row("1", 0, 2, "LOC", english_start=None, english_end=None)]
    errors = find_errors(
        [text("1", SENTENCE)], as_gold(ALL_GOLD), [], [], align, lexicon={}, romanise=str
    )
    missed = sorted(error.stage for error in errors if error.kind == "missed")
    assert missed == ["tagger", "translation", "translation"]


def test_numbers_of_errors_have_every_stage() -> None:
    result = count_errors({("missed", "tagger"): 2, ("spurious", "boundary"): 1}, correct=5)
    assert result["correct"] == 5
    assert result["missed"] == dict.fromkeys(STAGES, 0) | {"tagger": 2}
    assert result["spurious"] == dict.fromkeys(STAGES, 0) | {"boundary": 1}


def written(folder: Path, **more: list) -> dict[str, Path]:
    """Tables of three sentences with an error of each kind, and without; `more` adds rows."""
    rows = {
        "sentences": (Sentence, [text(name, SENTENCE, characters(9)) for name in "abc"]),
        "gold": (GoldEntity, as_gold(row(n, *span) for n in "ac" for span in PARTS.values())),
        "english": (Translation, [Translation(name, ENGLISH) for name in "abc"]),
        "tagged": (Mention, [mention(n, *at(ENGLISH, "Tokyo"), "LOC") for n in "abc"]),
        "entities": (
            Alignment,
            [row(n, *PARTS["東京"], english="Tokyo", confidence=0.75) for n in "abc"],
        ),
    }
    paths = {name: folder / f"{name}.tsv" for name in rows}
    for name, (table, values) in rows.items():
        tables.write(paths[name], table, [*values, *more.get(name, ())])
    return paths


def evaluated(folder: Path, **more: list) -> dict:
    options = {"lexicon": None, "romanise": str, "oracles": (), "seed": 1}
    return evaluate(**written(folder, **more), errors=folder / "errors.tsv", **options)


def test_a_system_is_scored_the_same_some_sentences_at_a_time(tmp_path, monkeypatch) -> None:
    results = []
    for size in (1, 2, 100):
        monkeypatch.setattr(indexed, "BLOCK", size)
        results.append((evaluated(tmp_path), (tmp_path / "errors.tsv").read_text("utf-8")))
    assert results[0] == results[1] == results[2]
    result, errors = results[0]
    read = {
        name: list(tables.read(path, kind))
        for name, path, kind in (
            ("sentences", tmp_path / "sentences.tsv", Sentence),
            ("gold", tmp_path / "gold.tsv", GoldEntity),
            ("entities", tmp_path / "entities.tsv", Alignment),
        )
    }
    whole = score.score(read["gold"], read["entities"], read["sentences"], seed=1)
    assert finite(result).items() >= finite(whole).items()
    assert result["tokens"]["f1"] == result["overall"]["f1"] == pytest.approx(4 / 9)
    assert result["calibration"]["n"] == 3
    assert result["errors_by_stage"]["correct"] == 2
    lost = sum(result["errors_by_stage"]["missed"].values())
    assert lost + sum(result["errors_by_stage"]["spurious"].values()) == errors.count("\n") - 1 == 5


@pytest.mark.parametrize("side", ["gold", "entities"])
def test_rows_of_no_sentence_are_refused(side: str, tmp_path: Path) -> None:
    stray = row("zz", 0, 2, "LOC")
    with pytest.raises(InputError, match=rf"{side}.tsv: 'zz' is no sentence of .*sentences.tsv"):
        evaluated(tmp_path, **{side: as_gold([stray]) if side == "gold" else [stray]})
    assert not (tmp_path / "errors.tsv").exists()


def test_mentions_are_found_by_title_or_reading() -> None:
    def find(surface: str, english: str) -> str | None:
        found = find_mention(surface, english, LEXICON.get(surface, ()), READINGS.__getitem__)
        return found and english[found[0] : found[1]]

    assert find("米国", "In the United States, it rains.") == "United States"
    assert find("鈴木", "Mr. Suzuki's car") == "Suzuki"
    assert find("トヨタ", "The Toyota-made car") == "Toyota"
    assert find("日銀", "The Bank of Japan met.") is None
    assert find("東京", "") is None


def test_readings_on_parallel_text() -> None:
    """Russian people stand in the English of their own sentence, and in no other."""
    russian = DATA / "uner" / "Russian-PUD" / "ru_pud-ud-test.iob2"
    english = DATA / "uner" / "English-PUD" / "en_pud-ud-test.iob2"
    if not russian.exists():
        pytest.skip(f"{russian} is absent")
    uroman = pytest.importorskip("uroman").Uroman()
    pairs = [list(formats.read(path, language_spaces=True)) for path in (russian, english)]
    found = false = people = 0
    for at_, (left, right) in enumerate(zip(*pairs, strict=True)):
        if at_ % 2 or not any(e.label == "PER" for e in right.entities):
            continue
        other = pairs[1][(at_ + 500) % 1000]
        for entity in left.entities:
            if entity.label == "PER":
                surface = left.text[entity.start : entity.end]
                people += 1
                found += bool(find_mention(surface, right.text, (), uroman.romanize_string))
                false += bool(find_mention(surface, other.text, (), uroman.romanize_string))
    assert people > 150
    assert found / people > 0.8
    assert false / people < 0.06


def test_seqeval_is_the_version_whose_figures_these_are() -> None:
    figures = strict_seqeval(
        [["B-PER", "I-PER"]], [["B-PER", "O"]], average="micro", scheme=IOB2, zero_division=0
    )
    assert figures[2] == 0
    assert not math.isnan(figures[0])
