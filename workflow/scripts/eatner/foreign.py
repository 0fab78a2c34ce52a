"""Models of strangers: only weights that are plain numbers, and no code.

A model's folder can carry code in three ways: weights in pickle (`pytorch_model.bin`, `.pt`,
`.ckpt`), which run what they hold while they are read; Python files that its configuration names
(`auto_map`); and attention kernels of the hub that it names. Safetensors and GGUF hold numbers
alone (huggingface.co/docs/safetensors), so nothing else is loaded.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eatner.errors import InputError

log = logging.getLogger(__name__)
# Weights that a program reads by unpickling them.
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".h5", ".msgpack")
_WEIGHTS = "model.safetensors"
_ADAPTER = "adapter_model.safetensors"
_CONVERT = (
    "Take a revision with safetensors, or convert the weights where you trust them: load the model "
    "and call save_pretrained()."
)


def check_model(folder: Path) -> None:
    """Refuse a model's folder unless its weights are safetensors and it needs no code of its own.

    Args:
        folder: Path of the folder, in the Hugging Face layout.

    Raises:
        InputError: There are no safetensors, or their index names other files, or a configuration
            names a kernel to fetch.
    """
    refuse_pickle(folder)
    _check_weights(folder)
    for path in sorted(folder.glob("*config.json")):
        for key, value in _settings(_read(path)):
            if key == "auto_map":
                log.warning(
                    "%s names code of the model's own (auto_map), which is never run: the model is "
                    "read by the classes of transformers",
                    path,
                )
            elif key in ("attn_implementation", "_attn_implementation") and "/" in str(value):
                raise InputError(
                    f"it names a kernel of the hub, {str(value)[:80]!r}, which is code",
                    path=path,
                    remedy=f"Delete the key {key!r} of this file.",
                )


def refuse_pickle(folder: Path) -> None:
    """Refuse a model's folder whose only weights can run code.

    Raises:
        InputError: There is a file such as `pytorch_model.bin`, and no safetensors.
    """
    found = sorted(path.name for path in folder.glob("*") if path.suffix in PICKLED)
    if found and not any(folder.glob("*.safetensors")):
        raise InputError(
            f"there are no safetensors, and {found[0]} is not read: such a file can run code",
            path=folder,
            remedy=_CONVERT,
        )


def refuse_code(folder: Path) -> None:
    """Refuse a model's folder whose configuration names code, for libraries that would run it.

    Raises:
        InputError: A configuration has `auto_map`.
    """
    for path in sorted(folder.glob("*config.json")):
        if any(key == "auto_map" for key, _ in _settings(_read(path))):
            raise InputError(
                "it names code of the model's own (auto_map), which eatner never runs",
                path=path,
                remedy="Use a model that the library knows by itself.",
            )


def check_adapter(folder: Path) -> None:
    """Refuse the folder of a LoRA adapter unless it is LoRA in safetensors and nothing more.

    Args:
        folder: Path of the folder, as PEFT's save_pretrained writes it.

    Raises:
        InputError: The weights are no safetensors, or its settings name something to import.
    """
    refuse_pickle(folder)
    if not (folder / _ADAPTER).is_file():
        raise InputError(
            f"there is no {_ADAPTER}",
            path=folder,
            remedy="Delete the folder and let Snakemake tune the model again.",
        )
    path = folder / "adapter_config.json"
    settings = _read(path)
    kind = settings.get("peft_type")
    # PEFT imports the module that `megatron_core` names, and reads files for other beginnings.
    if kind != "LORA" or settings.get("megatron_config") is not None:
        raise InputError(
            f"this is no plain LoRA adapter (peft_type {kind!r})",
            path=path,
            remedy="Delete the folder and let Snakemake tune the model again.",
        )


def _check_weights(folder: Path) -> None:
    index = folder / f"{_WEIGHTS}.index.json"
    if index.is_file():
        shards = _read(index).get("weight_map")
        names = set(shards.values()) if isinstance(shards, dict) else {""}
        for name in sorted(map(str, names)):
            if Path(name).name != name or not name.endswith(".safetensors"):
                raise InputError(
                    f"it names {name[:80]!r} as a file of weights",
                    path=index,
                    remedy="Only safetensors in the same folder are read. " + _CONVERT,
                )
    elif not (folder / _WEIGHTS).is_file():
        raise InputError(f"there is no {_WEIGHTS}", path=folder, remedy=_CONVERT)


def _settings(value: Any) -> Iterator[tuple[str, Any]]:
    """All keys with their values, of nested settings too."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            yield from inner.items()
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner


def _read(path: Path) -> dict[str, Any]:
    """Read a file of settings.

    Raises:
        InputError: It is missing, or no JSON object.
    """
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"cannot be read as JSON ({reason})", path=path, remedy="Fetch the model again."
        ) from error
    if not isinstance(settings, dict):
        raise InputError("no JSON object", path=path, remedy="Fetch the model again.")
    return settings
