"""Model folders in the Hugging Face layout: converted from a GGUF file, or fetched from the hub."""

from __future__ import annotations

import logging
import os
import re
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from eatner.errors import InputError
from eatner.fetch.artifacts import need_room
from eatner.files import atomic
from eatner.foreign import check_model, one_error, refuse_incomplete

if TYPE_CHECKING:
    from collections.abc import Callable

    from gguf import GGUFReader
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)
# Relative distance of two roundings of the same weights to four and to six bits: 0.08. That of
# other weights is above 1.
SAME_WEIGHTS = 0.2


def convert_gguf(gguf: Path, out: Path) -> None:
    """Turn a GGUF file into a safetensors folder in bfloat16, once.

    transformers reads a GGUF by de-quantising it, which takes a minute or two each time, and can
    neither save nor train what it has read. A plain folder loads in seconds and can be tuned.

    Args:
        gguf: The model file.
        out: Folder to make; one that exists is replaced.

    Raises:
        InputError: The file is not a GGUF, or has an architecture that transformers does not read
            from one, or lacks weights, or the disk is too small.
    """
    import numpy as np
    import torch
    from gguf import GGUFReader
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with open(gguf, "rb") as data:
        if data.read(4) != b"GGUF":
            raise InputError("not a GGUF file", path=gguf, remedy="Fetch it again.")
    # With about four and a half bits a weight, a GGUF is a third to a fifth of the bfloat16 size.
    need_room(out.parent, 5 * gguf.stat().st_size, "the converted model")

    class PlainReader(GGUFReader):
        """Keeps the file as a plain array: numpy slices it much faster than a memmap."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, np.asarray(value) if name == "data" else value)

    # transformers opens the file three times, for tokenizer, configuration and weights: the cache
    # makes it one reading.
    read_once = cache(PlainReader)
    remedy = "Fetch it again, or use the safetensors folder: `models: {NAME: {folder: PATH}}`."
    with (
        one_error(gguf, "transformers cannot read this GGUF", remedy),
        patch("gguf.GGUFReader", read_once),
    ):
        only = {"gguf_file": gguf.name, "trust_remote_code": False}
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **only)
        both = AutoModelForCausalLM.from_pretrained(
            gguf.parent, dtype=torch.bfloat16, output_loading_info=True, **only
        )
    loaded, report = cast("tuple[PreTrainedModel, dict[str, Any]]", both)
    refuse_incomplete(loaded, report, gguf)
    _tie_if_equal(loaded, lambda: read_once(str(gguf)))
    # The loaded object remembers that it came from a GGUF and refuses to be saved. A new one with
    # the same weights does not.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        model = type(loaded)(config)
    model.load_state_dict(loaded.state_dict(), assign=True)
    model.tie_weights()
    model.generation_config = loaded.generation_config
    with atomic(out) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    log.info("%s: %d million weights", out, sum(p.numel() for p in model.parameters()) // 10**6)


def _tie_if_equal(model: PreTrainedModel, read: Callable[[], GGUFReader]) -> None:
    """Tie the output layer to the embedding if a GGUF has the same weights twice.

    Some files hold an output layer of its own that is the embedding in a finer format. The finer of
    the two stays.

    Args:
        model: What transformers made of the file.
        read: Reads the file.
    """
    import torch
    from gguf import GGML_QUANT_SIZES

    embedding, output = model.get_input_embeddings(), model.get_output_embeddings()
    if output is None or output.weight is embedding.weight:
        return
    distance = torch.linalg.norm(output.weight.float() - embedding.weight.float())
    if distance > SAME_WEIGHTS * torch.linalg.norm(output.weight.float()):
        return
    bits = {}
    for tensor in read().tensors:
        values, size = GGML_QUANT_SIZES[tensor.tensor_type]
        bits[tensor.name] = size / values
    if bits["output.weight"] > bits["token_embd.weight"]:
        embedding.weight = output.weight
    model.config.tie_word_embeddings = True
    model.tie_weights()


def fetch_model(repository: str, revision: str, out: Path) -> None:
    """Fetch a model folder from the Hugging Face hub, at a pinned revision.

    Args:
        repository: The model's name on the hub, such as `Qwen/Qwen2.5-7B-Instruct`.
        revision: A commit, so that the same configuration gives the same model.
        out: Folder to make; one that exists is replaced. The files come into a hidden folder
            beside it, where the next call resumes a download that broke.

    Raises:
        InputError: The hub does not answer, or has no such repository or revision, or the model
            has no safetensors.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    # Not `atomic`, which deletes what came of gigabytes before an error.
    # A revision may hold slashes: refs/pr/1.
    named = re.sub(r"\W", "-", revision)[:12]
    partial = out.with_name(f".{out.name}.{named}.partial")
    patterns = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
    try:
        snapshot_download(repository, revision=revision, local_dir=partial, allow_patterns=patterns)
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"could not be fetched from the hub ({reason})",
            record=f"{repository}@{revision}",
            remedy="Check the name, the revision, the network and HF_TOKEN, or use a local copy: "
            "`models: {NAME: {folder: PATH}}`.",
        ) from error
    check_model(partial)
    if out.is_dir():
        shutil.rmtree(out)
    os.replace(partial, out)
