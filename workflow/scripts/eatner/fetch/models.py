"""Model folders in the Hugging Face layout: converted from a GGUF file, or fetched from the hub."""

from __future__ import annotations

import logging
import struct
from functools import cache
from pathlib import Path
from unittest.mock import patch

from eatner.errors import InputError
from eatner.fetch.artifacts import need_room

log = logging.getLogger(__name__)


def convert_gguf(gguf: Path, out: Path) -> None:
    """Turn a GGUF file into a safetensors folder in bfloat16, once.

    transformers reads a GGUF by de-quantising it, which takes a minute or two each time, and can
    neither save nor train what it read; a plain folder loads in seconds and can be tuned.

    Args:
        gguf: The model file.
        out: Folder to make.

    Raises:
        InputError: Not a GGUF file, or an architecture that transformers does not read from one,
            or no room on the disk.
    """
    import numpy as np
    import torch
    from gguf import GGUFReader
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with open(gguf, "rb") as data:
        if data.read(4) != b"GGUF":
            raise InputError("not a GGUF file", path=gguf, remedy="Fetch it again.")
    # At four and a half bits a weight, a GGUF is between a third and a fifth of the bfloat16 size.
    need_room(out.parent, 5 * gguf.stat().st_size, "the converted model")

    class PlainReader(GGUFReader):
        """Reads an array in memory's pages, which numpy slices much faster than a memmap."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, np.asarray(value) if name == "data" else value)

    try:
        # transformers reads the file three times: for tokenizer, configuration and weights.
        with patch("gguf.GGUFReader", cache(PlainReader)):
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            loaded = AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.float32
            )
    except (ValueError, KeyError, struct.error) as error:
        raise InputError(
            f"transformers cannot read this GGUF ({error})",
            path=gguf,
            remedy="Use the model's safetensors folder: `models: {NAME: {folder: PATH}}`.",
        ) from error
    # The loaded object remembers that it came from a GGUF and refuses to be saved: its twin not.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.dtype = torch.bfloat16
    model = type(loaded)(config)
    model.load_state_dict(loaded.state_dict())
    model.generation_config = loaded.generation_config
    model.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    log.info("%s: %d million weights", out, sum(p.numel() for p in model.parameters()) // 10**6)


def fetch_model(repository: str, revision: str, out: Path) -> None:
    """Fetch a model folder from the Hugging Face hub, at a pinned revision.

    Args:
        repository: Its name there, such as `Qwen/Qwen2.5-7B-Instruct`.
        revision: A commit, so that the same configuration gives the same model.
        out: Folder to fill; a broken download goes on where it stopped.

    Raises:
        InputError: The hub does not answer, or has no such repository or revision.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    patterns = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
    try:
        snapshot_download(repository, revision=revision, local_dir=out, allow_patterns=patterns)
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"could not be fetched from the hub ({reason})",
            record=f"{repository}@{revision}",
            remedy="Check the name, the revision, the network and HF_TOKEN, or use a local copy: "
            "`models: {NAME: {folder: PATH}}`.",
        ) from error
