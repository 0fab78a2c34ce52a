from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.corpora import iob


@st.composite
def spans_in_tokens(draw) -> tuple[list[tuple[int, int, str]], int]:
    cuts = draw(st.lists(st.integers(1, 4), max_size=12))
    spans, at = [], 0
    for width in cuts:
        label = draw(st.sampled_from(["PER", "LOC", "B-ORG", None]))
        if label:
            spans.append((at, at + width, label))
        at += width
    return spans, at + draw(st.integers(0, 2))


@given(spans_in_tokens(), st.sampled_from(["iob1", "iob2", "bioes", "bilou"]))
def test_spans_to_tags_to_spans(case: tuple[list, int], scheme: str) -> None:
    spans, length = case
    tags = iob.encode(spans, length, scheme)
    assert len(tags) == length
    assert iob.decode(tags, scheme) == spans
    assert iob.decode(tags, "lenient") == spans


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        ("iob1", "I-A I-A B-A I-B", [(0, 2, "A"), (2, 3, "A"), (3, 4, "B")]),
        ("iob2", "I-A I-A O I-B B-B", [(0, 2, "A"), (3, 4, "B"), (4, 5, "B")]),
        ("bioes", "B-A I-A E-A S-A S-B", [(0, 3, "A"), (3, 4, "A"), (4, 5, "B")]),
        ("bilou", "B-A L-A U-A O", [(0, 2, "A"), (2, 3, "A")]),
        ("bioes", "B-A M-A E-A", [(0, 3, "A")]),
        ("lenient", "E-A I-A B-B I-A", [(0, 1, "A"), (1, 2, "A"), (2, 3, "B"), (3, 4, "A")]),
    ],
)
def test_decode(scheme: str, tags: str, expected: list) -> None:
    assert iob.decode(tags.split(), scheme) == expected


@pytest.mark.parametrize(
    ("scheme", "tags", "token"),
    [
        ("iob2", "B-A I-B", 1),
        ("iob2", "O S-A", 1),
        ("iob2", "O X", 1),
        ("iob2", "B-", 0),
        ("bioes", "O I-A", 1),
        ("bioes", "B-A O", 1),
        ("bioes", "B-A S-A", 1),
        ("bioes", "O B-A", 2),
        ("bilou", "B-A L-B", 1),
    ],
)
def test_decode_refuses_contradictions(scheme: str, tags: str, token: int) -> None:
    with pytest.raises(ValueError, match=r"is not a tag|continues no|not ended") as caught:
        iob.decode(tags.split(), scheme)
    assert caught.value.token == token


@pytest.mark.parametrize("spans", [[(0, 2, "A"), (1, 3, "A")], [(1, 1, "A")], [(2, 4, "A")]])
def test_encode_refuses_what_cannot_be_tagged(spans: list) -> None:
    with pytest.raises(ValueError, match="overlaps another or is out of range"):
        iob.encode(spans, 3)
