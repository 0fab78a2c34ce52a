"""A token classifier on Gemma 3, which transformers has for other LLMs but not for this one."""

from __future__ import annotations

from transformers import AutoModelForTokenClassification, Gemma3TextConfig
from transformers.modeling_layers import GenericForTokenClassification
from transformers.models.gemma3.modeling_gemma3 import Gemma3PreTrainedModel


class Gemma3TextForTokenClassification(GenericForTokenClassification, Gemma3PreTrainedModel):
    """Gemma 3 with a layer that gives each token a label, made as transformers makes the others."""

    config_class = Gemma3TextConfig
    input_modalities = ("text",)  # type: ignore[assignment]  # transformers' own text models too


def register() -> None:
    """Let `AutoModelForTokenClassification` load Gemma 3."""
    AutoModelForTokenClassification.register(
        Gemma3TextConfig, Gemma3TextForTokenClassification, exist_ok=True
    )
