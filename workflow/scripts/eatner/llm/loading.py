"""Models of strangers, loaded by transformers: whole, or one error.

transformers fills weights that a folder lacks with random numbers. It says so in a table of the
log, and the answers are noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from eatner.errors import InputError
from eatner.foreign import AGAIN, MadeAnew, check_model, one_error, refuse_incomplete

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Model = TypeVar("Model", bound="PreTrainedModel")


def load_weights(
    folder: Path,
    from_pretrained: Callable[..., Model],
    *,
    made_anew: MadeAnew = lambda name, body: False,
    remedy: str = AGAIN,
    **options: object,
) -> Model:
    """Load a model whose folder holds all its weights.

    Args:
        folder: Path of the folder, in the Hugging Face layout.
        from_pretrained: Loads the model: that of a class such as `AutoModelForCausalLM`.
        made_anew: Whether a weight may be missing or of another shape, because it is trained after
            this or is never used.
        remedy: What the user can do where it cannot be loaded.
        options: More for `from_pretrained`.

    Raises:
        InputError: The folder holds no such model in safetensors; weights are missing, which would
            be random, or have other shapes than its configuration says.
    """
    check_model(folder)
    with one_error(folder, "transformers cannot load this model", remedy):
        loaded = from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,  # with which it gives two things
            ignore_mismatched_sizes=True,  # named below, all that are
            **options,
        )
    model, report = cast("tuple[Model, dict[str, Any]]", loaded)
    refuse_incomplete(model, report, folder, made_anew)
    return model


def refuse_not_finite(values: Iterable[float], folder: str | Path | None) -> None:
    """Refuse what a model computed unless it is finite.

    Raises:
        InputError: A value is infinite or NaN.
    """
    for value in values:
        if not math.isfinite(value):
            raise InputError(
                f"the model computes {value} where a finite number is expected",
                path=folder,
                remedy="Its weights are damaged, or too large for its number format. " + AGAIN,
            )
