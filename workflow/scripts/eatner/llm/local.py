"""A causal LLM that torch computes in this process: its weights, its tokenizer, its device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from eatner.errors import InputError
from eatner.foreign import check_adapter, one_error
from eatner.llm.device import fast_dtype, four_bit_settings, merged, without_cudnn_attention
from eatner.llm.loading import load_weights
from eatner.llm.packed import pack
from eatner.llm.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


_TUNE = "Delete the adapter's folder and let Snakemake tune the model again."


class LocalModel:
    """A model and what its parts here need to know of it.

    Args:
        folder: Local folder with config, tokenizer and safetensors.
        adapter: Folder of a LoRA adapter, if any.
        gpus: Number of GPUs over which its layers are spread, where there are any.
        quantisation: `4bit` to load the weights in four bits (NF4, by bitsandbytes), or `none`.
        trainable: Leave the weights as training needs them, which is slower on a CPU.

    Attributes:
        folder: As given.
        model: The model, which may be exchanged.
        tokenizer: Its tokenizer.
        device: Where prompts go: `cuda` or `cpu`.

    Raises:
        InputError: The folder is not a model in the Hugging Face layout, or its weights are not
            safetensors, or not all there; bitsandbytes is missing.
    """

    def __init__(
        self,
        folder: str | Path,
        adapter: str | Path | None,
        gpus: int,
        quantisation: str,
        *,
        trainable: bool = False,
    ) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        self.folder = folder
        self.tokenizer = load_tokenizer(folder)
        if adapter is not None:
            check_adapter(Path(adapter))
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        without_cudnn_attention()
        model = load_weights(
            Path(folder),
            AutoModelForCausalLM.from_pretrained,
            dtype=fast_dtype(),
            # Weights go where they belong piece by piece: main memory need not hold them all.
            device_map="auto" if gpus > 1 else self.device,
            quantization_config=None if quantisation == "none" else four_bit_settings(),
        )
        if (spread := getattr(model, "_hf_hook", None)) is not None:
            # accelerate moves all arguments of a call to the first GPU. The positions whose logits
            # are wanted are used on the last one, and may come from the CPU.
            spread.skip_keys = ["past_key_values", "logits_to_keep"]
        if adapter is not None:
            from peft import PeftModel

            with one_error(Path(adapter), "peft cannot load this adapter", _TUNE):
                tuned = PeftModel.from_pretrained(cast("PreTrainedModel", model), adapter)
            _refuse_part(tuned, Path(adapter))
            self.model = merged(tuned, quantisation).eval()
        else:
            self.model = cast("PreTrainedModel", model.eval())
        if self.device == "cpu" and quantisation == "none" and not trainable:
            pack(self.model)

    @property
    def context(self) -> int:
        """Limit of the tokens of a prompt and its answer together."""
        return int(self.model.config.max_position_embeddings)

    @property
    def vocabulary(self) -> int:
        """Number of logits at a position, which may be more than the tokenizer has tokens."""
        return int(self.model.config.get_text_config().vocab_size)

    @property
    def pad(self) -> int:
        """The token that fills up short prompts; what it says is masked."""
        pad = self.tokenizer.pad_token_id
        return self.tokenizer.eos_token_id if pad is None else pad

    @property
    def window(self) -> int | None:
        """Number of tokens that a sliding layer sees; None where no layer slides."""
        text = self.model.config.get_text_config()
        slides = "sliding_attention" in (getattr(text, "layer_types", None) or ())
        return text.sliding_window if slides else None


def _refuse_part(tuned: PeftModel, adapter: Path) -> None:
    """Refuse an adapter whose weights are not those that its settings ask for.

    Raises:
        InputError: Weights are missing, whose layers would be as if never tuned, or have no layer.
    """
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        found = set(file.keys())
    wrong = sorted(found ^ set(get_peft_model_state_dict(tuned)))
    if wrong:
        raise InputError(
            f"{len(wrong)} weights of the adapter are missing, or are not this model's, such as "
            f"{wrong[0]!r}",
            path=adapter,
            remedy=_TUNE,
        )
