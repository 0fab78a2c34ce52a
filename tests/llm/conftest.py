"""What the tests of LLMs share."""

from __future__ import annotations

import pytest
import tiny
from questions import EXACT

from eatner.llm.transformers import TransformersLLM


@pytest.fixture(params=EXACT)
def model(request: pytest.FixtureRequest) -> TransformersLLM:
    """Tiny LLMs whose answers do not depend on padding."""
    return tiny.llm(request.param)
