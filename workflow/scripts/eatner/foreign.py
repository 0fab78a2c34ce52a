"""Models of strangers: only weights that are plain numbers, and no code.

A model's folder can carry code in three ways: weights in pickle (`pytorch_model.bin`, `.pt`,
`.ckpt`), which run what they hold while they are read; Python files that its configuration names
(`auto_map`); and attention kernels of the hub that it names. Safetensors and GGUF hold numbers
alone (huggingface.co/docs/safetensors), so nothing else is loaded.

Weights may also be missing, or be those of another model: transformers fills such places with
random numbers, says so in a table of the log, and the answers are noise.
"""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eatner.errors import REMEDIES, InputError, is_shortage, quoted

if TYPE_CHECKING:
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)
AGAIN = "Fetch or convert the model again; delete the folder first."
# What `made_anew` says of a weight: its name, and the prefix of the names of the model's body.
MadeAnew = Callable[[str, str], bool]
# Weights that a program reads by unpickling them.
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".h5", ".msgpack")
_WEIGHTS = "model.safetensors"
_ADAPTER = "adapter_model.safetensors"
_GENERATION = "generation_config.json"
# Settings of a generation that are numbers, with their minima.
_NUMBERS = {
    "max_new_tokens": 1,
    "max_length": 1,
    "min_length": 0,
    "min_new_tokens": 0,
    "num_beams": 1,
    "temperature": 0,
    "top_k": 0,
    "top_p": 0,
    "repetition_penalty": 0.01,
    "encoder_repetition_penalty": 0.01,
    "length_penalty": float("-inf"),
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
}
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
    if (folder / _GENERATION).is_file():
        _check_generation(folder / _GENERATION)
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


def _check_generation(path: Path) -> None:
    """Refuse settings of a generation of the wrong kind, which would surface in its midst.

    Raises:
        InputError: A number or a token is none.
    """
    for key, value in _read(path).items():
        values = value if isinstance(value, list) else [value]
        wrong = None
        if key.endswith("_token_id") or key.endswith("suppress_tokens"):
            if any(type(token) is not int for token in values if token is not None):
                wrong = "a token's number"
        elif key in _NUMBERS:
            least = _NUMBERS[key]
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, (int, float)) or value < least
            ):
                wrong = f"a number of at least {least}"
        if wrong:
            raise InputError(
                f"`{key}` is {str(value)[:80]!r} and not {wrong}",
                path=path,
                remedy="Correct it, or delete the key.",
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


@contextmanager
def one_error(folder: Path, what: str, remedy: str = AGAIN) -> Iterator[None]:
    """Make one error of whatever a library raises while it reads a stranger's folder.

    A wrong value in a folder may surface as any exception, from a division by zero to a name that
    torch does not have. Too little memory is not the folder's fault, and has its own remedy.

    Args:
        folder: The folder that is read.
        what: What cannot be done, such as "transformers cannot load this model".
        remedy: What the user can do.

    Raises:
        InputError: Something was raised.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if is_shortage(error):
            raise InputError(
                f"the memory is too small for it ({quoted(error)})",
                path=folder,
                remedy=REMEDIES[errno.ENOMEM],
            ) from error
        raise InputError(f"{what} ({quoted(error)})", path=folder, remedy=remedy) from error


def refuse_incomplete(
    model: PreTrainedModel,
    report: dict[str, Any],
    path: Path,
    made_anew: MadeAnew = lambda name, body: False,
) -> None:
    """Refuse a model some of whose weights were not read, and warn of weights without a place.

    Tied weights, which stand in a file once, are not among them.

    Args:
        model: The model.
        report: What transformers' `output_loading_info` says of it.
        path: The folder or the file it was read from.
        made_anew: As for `load_weights`.

    Raises:
        InputError: Weights are missing, or have other shapes than the configuration says.
    """
    body = f"{model.base_model_prefix}."
    missing = sorted(name for name in report["missing_keys"] if not made_anew(name, body))
    if missing:
        raise InputError(
            f"the weights {_some(missing)} are missing, and would be random numbers",
            path=path,
            remedy="The weights are those of another model or kind, or not all of them. " + AGAIN,
        )
    other = sorted(row for row in report["mismatched_keys"] if not made_anew(row[0], body))
    if other:
        _, found, expected = other[0]
        raise InputError(
            f"the weights {_some([name for name, *_ in other])} have other shapes than config.json "
            f"says: {tuple(found)}, not {tuple(expected)}",
            path=path,
            remedy="The weights and the configuration are of two models. " + AGAIN,
        )
    if report["unexpected_keys"]:
        log.warning(
            "%s: the model has no place for the weights %s, which are not used",
            path,
            _some(sorted(report["unexpected_keys"])),
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]!r}{more}"


def _check_weights(folder: Path) -> None:
    index = folder / f"{_WEIGHTS}.index.json"
    if index.is_file():
        shards = _read(index).get("weight_map")
        names = set(map(str, shards.values())) if isinstance(shards, dict) else {""}
        for name in sorted(names):
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
        raise InputError(
            f"cannot be read as JSON ({quoted(error)})", path=path, remedy="Fetch the model again."
        ) from error
    if not isinstance(settings, dict):
        raise InputError("no JSON object", path=path, remedy="Fetch the model again.")
    return settings
