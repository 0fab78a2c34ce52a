"""Train an LLM as a token classifier: LoRA on its layers, a new last layer, and both contexts.

An LLM reads from left to right, so a token knows nothing of what follows. For tagging, its
attention is opened to both sides, as in LLM2Vec (BehnamGhader et al. 2024, arXiv 2404.05961) and
in label-supervised LLaMA (Li et al. 2023, arXiv 2310.01208), which found this to raise the F1 of
token classification. The weights of the adapter are merged into those of the LLM, so what comes
out is a token classifier like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from eatner.foreign import one_error
from eatner.llm.device import fast_dtype
from eatner.llm.pretrained import load_token_classifier
from eatner.train.tagger_models import LABELS, Labelled, TokenClassificationTrainer

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

RANK, ALPHA, DROPOUT = 16, 32, 0.05
# What transformers calls the last layer of a token classifier on an LLM.
HEAD = "score"


class LLMTokenClassificationTrainer(TokenClassificationTrainer):
    """The token classifier on an LLM."""

    tags_untrained = False

    def make(self, folder: Path, data: Sequence[Labelled], sizes: Mapping[str, int]) -> None:
        """Refuse: an LLM is never made from random weights."""
        raise ValueError("an LLM has weights")

    def load(self, folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """Load an LLM with LoRA matrices on its linear layers and a new last layer."""
        from peft import LoraConfig, get_peft_model
        from transformers import AutoConfig

        with one_error(folder, "transformers cannot load this model's config.json"):
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False, **LABELS)
        config.is_causal = False  # transformers' switch for attention to both sides
        config.use_cache = False
        model, tokenizer = load_token_classifier(
            folder, dtype=fast_dtype(), new_head=True, config=config
        )
        getattr(model, HEAD).float()
        lora = LoraConfig(
            r=RANK,
            lora_alpha=ALPHA,
            lora_dropout=DROPOUT,
            target_modules="all-linear",
            exclude_modules=[HEAD],
            modules_to_save=[HEAD],
            task_type="TOKEN_CLS",
        )
        # A PeftModel has the interface of the model in it.
        return cast("PreTrainedModel", get_peft_model(model, lora)), tokenizer

    @property
    def half(self) -> bool:
        """Whether the training computes in bfloat16; the adapter stays in float32."""
        import torch

        return fast_dtype() == torch.bfloat16

    def save(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path
    ) -> None:
        """Merge the adapter into the LLM, and write it as a token classifier in bfloat16."""
        import torch

        merged = cast("PeftModel", model).merge_and_unload()
        merged.to(torch.bfloat16).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
