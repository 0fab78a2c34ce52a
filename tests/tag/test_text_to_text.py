from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from rows import translations

from eatner.errors import InputError
from eatner.tag.base import tag
from eatner.tag.text_to_text import (
    UNKNOWN,
    Item,
    TextToText,
    find_with_unknowns,
    parse,
    place,
    write_answer,
)

pytestmark = pytest.mark.usefixtures("one_thread")
TYPES = {"PER": "PER", "LOC": "LOC", "ORG": "ORG"}


def said(answer: str, *, finished: bool = True) -> list[tuple[str, str]]:
    return [(item.type, item.entity) for item in parse(answer, TYPES, finished=finished)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", []),
        ("(PER, Ōe Kenzaburō)", [("PER", "Ōe Kenzaburō")]),
        (
            "(ORG, Smith, Jones & Co. (UK)), (PER, A. B.)",
            [("ORG", "Smith, Jones & Co. (UK)"), ("PER", "A. B.")],
        ),
        ("(LOC, Springfield (Clark, Ohio)), (LOC, Paris)", [
            ("LOC", "Springfield (Clark, Ohio)"), ("LOC", "Paris"),
        ]),
        ("(ORG, \"Sony\" 'x'), (ORG, \"Sony\" 'x')", [("ORG", "\"Sony\" 'x'")] * 2),
        ("(ORG, R.E.M.,), (PER, Sammy Davis, Jr.)", [
            ("ORG", "R.E.M.,"), ("PER", "Sammy Davis, Jr."),
        ]),
        # A bracket that is never closed, or closed too often, does not swallow what follows.
        ("(ORG, Foo ( bar), (PER, A)", [("ORG", "Foo ( bar"), ("PER", "A")]),
        ("(LOC, Paris)), (PER, A)", [("LOC", "Paris"), ("PER", "A")]),
        ("(PER, Anna, (LOC, Rome)", [("PER", "Anna"), ("LOC", "Rome")]),
        ("(PER, Anna) and (LOC, Rome)", [("PER", "Anna"), ("", "and"), ("LOC", "Rome")]),
        # What stands around the list.
        ("(PER, Anna), (LOC, Rome).", [("PER", "Anna"), ("LOC", "Rome")]),
        ("[(PER, Anna), (LOC, Rome)]", [("PER", "Anna"), ("LOC", "Rome")]),
        # A type that nobody knows begins an item, a bracket inside an entity does not.
        ("(ORG, A (B)), (MISC, C)", [("ORG", "A (B)"), ("MISC", "C")]),
        ("(LOC, Paris (France), (Texas, USA))", [("LOC", "Paris (France), (Texas, USA)")]),
        # What small models write.
        ("(PER, A)(LOC, B) ; (ORG, C", [("PER", "A"), ("LOC", "B"), ("ORG", "C")]),
        ("( PER , A )", [("PER", "A")]),
        ("None", [("", "None")]),
        ("Here: (PER, A)", [("", "Here:"), ("PER", "A")]),
        ("(PER, )", [("PER", "")]),
    ],
)  # fmt: skip
def test_answers_are_read(answer: str, expected: list[tuple[str, str]]) -> None:
    assert said(answer) == expected


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        ("(PER, A), (ORG, Smith (UK)", "Smith (UK)"),
        ("(PER, A), (ORG, Smi", "Smi"),
        ("(PER, A), (ORG, Smith)", None),
        ("(PER, A), (ORG, Smith (UK))", None),
    ],
)
def test_an_answer_that_broke_off_has_one_item_that_is_cut(answer: str, cut: str | None) -> None:
    items = parse(answer, TYPES, finished=False)
    assert [item.entity for item in items if item.cut] == ([] if cut is None else [cut])
    assert items[0].entity == "A"


SEPARATED = st.text(st.sampled_from("aB ,&.'\"-東京é"), min_size=1, max_size=12)
BRACKETED = st.builds("{} ({}){}".format, SEPARATED, SEPARATED, st.just(""))
ENTITIES = st.lists(
    st.tuples(
        st.sampled_from(sorted(TYPES)),
        st.one_of(SEPARATED, BRACKETED)
        .map(lambda text: " ".join(text.split()))
        .filter(lambda text: text.strip(" ,")),
    ),
    max_size=5,
)


@given(ENTITIES)
def test_what_is_written_is_read_again(entities: list[tuple[str, str]]) -> None:
    assert [(kind, text.lstrip(" ,")) for kind, text in said(write_answer(entities))] == [
        (kind, text.lstrip(" ,")) for kind, text in entities
    ]


@given(ENTITIES, st.data())
def test_a_cut_answer_invents_nothing(entities: list[tuple[str, str]], data: st.DataObject) -> None:
    answer = write_answer(entities)
    at = data.draw(st.integers(0, len(answer)))
    whole = [i for i in parse(answer[:at], TYPES, finished=False) if not i.cut and i.type]
    full = parse(answer, TYPES)
    assert [(i.type, i.entity) for i in whole] == [(i.type, i.entity) for i in full[: len(whole)]]


# --- where the entities stand -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    [
        ("US", "USSR and US", ["US"]),
        ("Asia", "Asian", ["Asia"]),
        ("東京", "東京都と東京", ["東京", "東京"]),
        ("New York", "in New \u00a0York", ["New \u00a0York"]),
        ("ZÜRICH", "in Zu\u0308rich .", ["Zu\u0308rich"]),
        ("ＡＢＣ", "the ABC", ["ABC"]),
        ('"Sony"', "at Sony .", ["Sony"]),
        (f"Łód{UNKNOWN}", "Łódź, Łódzka", ["Łódź", "Łódzka"]),
        (f"{UNKNOWN} ódź", "in Łódź", ["Łódź"]),
        (f"A{UNKNOWN}{UNKNOWN}C", "ABBC", ["ABBC"]),
        (UNKNOWN, "any word", []),
        ("A.B", "AxB", []),
        ("", "x", []),
        ('"', "x", []),
    ],
)
def test_occurrences(entity: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in find_with_unknowns(entity, text)] == found


def placed(answer: str, text: str, types: dict | None = None) -> list[tuple]:
    items = parse(answer, TYPES)
    found = place(items, text, types or TYPES, [0.5] * len(items))
    return [
        (e.start, e.type, e.status if e.start is None else text[e.start : e.end]) for e in found
    ]


def test_a_part_of_a_longer_entity_is_not_taken_for_another() -> None:
    text = "Paris Hilton left Paris"
    assert placed("(LOC, Paris), (PER, Paris Hilton)", text) == [
        (18, "LOC", "Paris"),
        (0, "PER", "Paris Hilton"),
    ]


def test_the_nth_of_equal_entities_stands_at_the_nth_place() -> None:
    text = "Washington flew to Washington."
    assert placed("(PER, Washington), (LOC, Washington)", text) == [
        (0, "PER", "Washington"),
        (19, "LOC", "Washington"),
    ]


def test_what_has_no_place_keeps_its_row() -> None:
    text = "Sony in Tokyo"
    answer = "(ORG, Sony), (ORG, Sony), (PER, Sony in), (MISC, Tokyo), (LOC, Kyoto), (LOC, )"
    assert placed(answer, text) == [
        (None, "ORG", "overlaps"),
        (None, "ORG", "overlaps"),
        (0, "PER", "Sony in"),
        (None, "MISC", "unknown_type"),
        (None, "LOC", "not_found"),
        (None, "LOC", "unparsed"),
    ]


def test_a_label_mapped_to_nothing_is_no_entity() -> None:
    assert placed("(ORG, Sony), (LOC, Tokyo)", "Sony in Tokyo", {"ORG": None, "LOC": "LOC"}) == [
        (8, "LOC", "Tokyo")
    ]


@given(
    st.lists(st.text(st.sampled_from("ab A"), min_size=1, max_size=4), max_size=6),
    st.text(st.sampled_from("ab AB"), max_size=20),
)
def test_places_never_overlap_and_nothing_is_lost(entities: list[str], text: str) -> None:
    items = [Item("PER", entity, 0, 0) for entity in entities]
    found = place(items, text, TYPES, [1.0] * len(items))
    assert len(found) == len(items)
    spans = sorted((e.start, e.end) for e in found if e.start is not None)
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


# --- the model ----------------------------------------------------------------------------------


def tagger(kind: str = "t5", **changes: int) -> TextToText:
    options = {"source_tokens": 32, "target_tokens": 16, "beams": 1, **changes}
    return TextToText(tiny.folder(kind), TYPES, **options)


LONG = "Angela Merkel met Sony in Łódź. " * 40 + "x" * 300


@pytest.mark.parametrize("beams", [1, 2])
def test_a_real_t5_answers_texts_of_any_length(beams: int) -> None:
    texts = ["", "Łódź 🦊 東京", LONG, " "]
    found = list(tag(translations(*texts), tagger(beams=beams).find))
    assert {row.sentence_id for row in found} == {"s0", "s1", "s2", "s3"}
    for row in found:
        if row.status == "tagged":
            text = texts[int(row.sentence_id[1:])]
            assert text[row.start : row.end] == row.surface
        if row.score is not None:
            assert 0 <= row.score <= 1


def test_an_answer_has_the_probability_of_each_of_its_tokens() -> None:
    import torch

    model = tagger()
    text = "Angela Merkel met Sony"
    [(answer, finished, ends, chances)] = model._answers([text])
    assert ends[-1] == len(answer)
    assert len(chances) == len(ends)
    asked = model.tokenizer(text, return_tensors="pt")
    start = model.model.config.decoder_start_token_id
    with torch.inference_mode():
        said = model.model.generate(**asked, max_new_tokens=16, do_sample=False)[0]
        first = model.model(**asked, decoder_input_ids=torch.tensor([[start]])).logits[0, 0]
    assert chances[0] == pytest.approx(first.softmax(-1)[said[1]].item(), abs=1e-5)
    assert finished == (said[-1].item() == model.tokenizer.eos_token_id)


def test_answers_do_not_depend_on_the_company() -> None:
    model = tagger()
    texts = ["Sony", "Angela Merkel met Sony in Tokyo.", LONG, "東京"]
    together = model.find(texts)
    apart = [model.find([text])[0] for text in texts]
    key = lambda found: sorted((str(e.start), e.type, e.status, e.answer) for e in found)  # noqa: E731
    assert list(map(key, together)) == list(map(key, apart))


def test_a_folder_that_is_no_such_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot load this model") as error:
        TextToText(tmp_path, TYPES, source_tokens=8, target_tokens=8, beams=1)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(InputError, match="cannot load this model"):
        TextToText(tiny.folder("xlm-r"), TYPES, source_tokens=8, target_tokens=8, beams=1)
