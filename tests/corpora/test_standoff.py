from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.corpora.gold import LabelledSpan
from eatner.corpora.standoff import overlapping, refuse_overlaps, sentences
from eatner.corpora.tokens import Ids
from eatner.errors import InputError

CUTS = st.lists(st.integers(0, 40), min_size=2, max_size=12, unique=True).map(sorted)


@given(CUTS, CUTS, st.data())
def test_every_entity_keeps_its_text_in_one_sentence(
    ends: list[int], edges: list[int], data: st.DataObject
) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 41)))
    bounds = [*pairwise([0, *ends[1:-1], 41])] if len(ends) > 2 else [(0, 41)]
    entities = [LabelledSpan(*span, "X") for span in pairwise(edges) if data.draw(st.booleans())]
    result = [*sentences(text, entities, bounds, Ids(Path("x")), {"record": "x"})]
    assert "".join(s.text for s in result) == text
    surfaces = [s.text[e.start : e.end] for s in result for e in s.entities]
    assert surfaces == [text[e.start : e.end] for e in entities]
    for sentence in result:
        if len(result) == len(bounds):
            assert len(sentence.text) in {end - start for start, end in bounds}


def test_an_overlap_names_both_spans() -> None:
    nested = [LabelledSpan(0, 10, "ORG"), LabelledSpan(0, 4, "PER", line=3)]
    assert overlapping(nested) == (nested[1], nested[0])
    assert overlapping([LabelledSpan(4, 6, "A"), LabelledSpan(0, 4, "B")]) is None
    with pytest.raises(InputError, match="line 9: the span 0:10 ORG 'Anna wohnt' overlaps another"):
        refuse_overlaps(nested, "Anna wohnt in Bonn", Path("x"), {"line": 9})
