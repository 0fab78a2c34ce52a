"""Which model it is, by its content: a copy is the same one, whatever its path and its time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from eatner.errors import InputError

# Files of weights may have gigabytes. Of each the size, the first bytes (the header with the names,
# shapes and types of all tensors) and blocks at even distances are hashed: training changes all
# weights, and no other way to make a model leaves these thousands of them as they were.
WEIGHTS = (".safetensors", ".bin")
HEAD = 1 << 20
BLOCK = 1 << 12
BLOCKS = 64
# What else a model's answers depend on: its shape, its tokenizer, its chat template.
SETTINGS = (".json", ".jinja", ".model", ".txt")


def model_identity(folder: Path) -> str:
    """Hash a model's weights and settings; takes milliseconds a gigabyte.

    Args:
        folder: A model in the Hugging Face layout.

    Returns:
        64 hexadecimal digits.

    Raises:
        InputError: The folder cannot be read.
    """
    identity = hashlib.sha256()
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix in WEIGHTS:
                content = _sample(path)
            elif path.suffix in SETTINGS:
                content = path.read_bytes()
            else:
                continue
            identity.update(f"{path.name} {hashlib.sha256(content).hexdigest()}\n".encode())
    except OSError as error:
        raise _unreadable(folder, error) from error
    return identity.hexdigest()


def adapter_identity(weights: Path) -> str:
    """Hash a LoRA adapter: it is small, so all of it.

    Args:
        weights: Its weights; `adapter_config.json` is beside them.

    Returns:
        64 hexadecimal digits.

    Raises:
        InputError: A file cannot be read.
    """
    try:
        content = weights.read_bytes()
        settings = json.loads(weights.with_name("adapter_config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise _unreadable(weights, error) from error
    # Where its base was, and the order of sets, which differs between runs.
    settings.pop("base_model_name_or_path", None)
    ordered = {k: sorted(v, key=str) if isinstance(v, list) else v for k, v in settings.items()}
    text = json.dumps(ordered, sort_keys=True)
    return hashlib.sha256(hashlib.sha256(content).digest() + text.encode()).hexdigest()


def _sample(path: Path) -> bytes:
    size = path.stat().st_size
    with open(path, "rb") as file:
        parts = [str(size).encode(), file.read(HEAD)]
        for number in range(BLOCKS):
            file.seek(max(0, size - BLOCK) * number // (BLOCKS - 1))
            parts.append(file.read(BLOCK))
    return b"\n".join(parts)


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"cannot be read ({error})", path=path, remedy="Delete it: it is made or fetched again."
    )
