"""Fetch a corpus from the Hugging Face hub, or from a folder in a hub dataset's layout.

A dataset comes through the package `datasets` and becomes JSON Lines, a record a row, in which
tags are names: on the hub they are numbers, whose names stand in the dataset's features.
"""

from __future__ import annotations

import errno
import json
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from eatner.attempts import attempts
from eatner.corpora.jsonl import TAG_KEYS
from eatner.errors import InputError, quoted, shortened
from eatner.fetch.artifacts import checksum
from eatner.files import atomic

if TYPE_CHECKING:
    from datasets import Dataset, Features


log = logging.getLogger(__name__)
TRIES = 5
# Seconds before the second try; then 8, 16 ... so that a minute without network is survived.
FIRST_PAUSE = 4.0
# A dataset's one subset, where it has no name.
UNNAMED = "default"
# Where a dataset says which files are its: datasets.config has the same names.
_CARDS = ("README.md", ".huggingface.yaml")
# HTTP statuses that may pass: time-out, too many requests, and what the server itself broke.
_PASSING = {408, 429, 500, 502, 503, 504}
_REMEDY = (
    "Check name, revision, subset, split, the network and HF_TOKEN, or use a local copy: "
    "`corpora: {NAME: {folder: PATH}}`."
)
_FOLDER_REMEDY = (
    "Check subset and split, and whether the files are whole; or convert them to one of the file "
    "formats: `corpora: {NAME: {file: PATH}}`."
)
# What `datasets` says of a dataset whose repository has a Python script in place of data.
_SCRIPT = re.compile(r"scripts are no longer supported|No \(supported\) data files")
# The hub converts public datasets by itself, and keeps the result on this branch.
_SCRIPT_REMEDY = (
    "Use the hub's own copy in Parquet: set the corpus's `revision: refs/convert/parquet`, or the "
    "commit of that branch; if it has none, download the data and set the corpus's `file`."
)


def is_commit(revision: str) -> bool:
    """Whether a revision is a commit: a branch or a tag may be another tomorrow."""
    return re.fullmatch(r"[0-9a-f]{40}", revision) is not None


def fetch_corpus(
    source: str | Path,
    out: Path,
    *,
    revision: str | None = None,
    subset: str | None = None,
    split: str = "test",
    wait: float = FIRST_PAUSE,
) -> dict[str, object]:
    """Fetch one split of a dataset and write it as JSON Lines.

    Args:
        source: Its name on the hub, such as `unimelb-nlp/wikiann`, or a local folder in the layout
            of a hub dataset.
        out: The JSON Lines, written atomically: a record a row, its columns as keys, class labels
            as their names.
        revision: A commit, for a dataset on the hub.
        subset: Of the dataset, such as a language; None where it has but one.
        split: Of the subset.
        wait: Seconds before the second try; the pause doubles from try to try.

    Returns:
        The record: `source`, `revision`, `commit` (that the hub names for the revision), `subset`,
        `split`, `rows`, `sha256` of the file, and the `version` of datasets.

    Raises:
        InputError: No such dataset, revision, subset or split; tags that are numbers without
            names; files that lie elsewhere, or are damaged; or the hub does not answer.
    """
    local = isinstance(source, Path)
    where = str(source) if local else f"{source}@{revision}"
    retrying = attempts(_may_pass, tries=TRIES, log=log, wait=wait)
    out.parent.mkdir(parents=True, exist_ok=True)
    # What datasets makes of the files on the way is as large as they are, and is used once.
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".datasets.") as cache:
        try:
            if local:
                refuse_elsewhere(Path(source))
            commit = None if local else retrying(_commit, source, revision)
            dataset = retrying(_load, str(source), subset, split, commit, cache)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # damaged files raise whatever their readers do
            # What lies behind "An error occurred while generating the dataset".
            said = error.__cause__ if isinstance(error.__cause__, Exception) else error
            if isinstance(said, OSError) and said.errno in (errno.ENOSPC, errno.EDQUOT):
                raise said from error  # not the dataset's fault
            reason, remedy = quoted(said), _FOLDER_REMEDY if local else _REMEDY
            if not local and _SCRIPT.search(str(error)):
                reason = f"the dataset is a script, which no program runs any more: {reason}"
                remedy = _SCRIPT_REMEDY
            raise InputError(
                f"could not be fetched ({reason})",
                record=f"{where}, subset {subset or UNNAMED}, split {split}",
                remedy=remedy,
            ) from error
        with atomic(out) as partial, open(partial, "w", encoding="utf-8") as lines:
            for record in records(dataset, where):
                lines.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
        rows = len(dataset)
        del dataset  # it maps files of the folder that goes now
    log.info("%s (%s): %d rows", where, commit or "local", rows)
    from datasets import __version__

    return {
        "source": str(source),
        "revision": revision,
        "commit": commit,
        "subset": subset,
        "split": split,
        "rows": rows,
        "sha256": checksum(out),
        "version": __version__,
    }


def _commit(repository: str, revision: str) -> str:
    """The commit that a revision names now."""
    if is_commit(revision):
        return revision
    from huggingface_hub import HfApi

    return HfApi().dataset_info(repository, revision=revision).sha or revision


def _load(source: str, subset: str | None, split: str, commit: str | None, cache: str) -> Dataset:
    from datasets import load_dataset_builder

    builder = load_dataset_builder(source, subset, revision=commit, cache_dir=cache)
    files = [
        str(file) for several in (builder.config.data_files or {}).values() for file in several
    ]
    _refuse_files_elsewhere(files, None if commit else Path(source))
    builder.download_and_prepare()
    return cast("Dataset", builder.as_dataset(split=split))


def refuse_elsewhere(folder: Path) -> None:
    """Refuse the folder of a dataset whose card names files that are not in it.

    Raises:
        InputError: The card names an address, an absolute path or one with `..`, or is no YAML.
    """
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    for path in (folder / name for name in _CARDS):
        if not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".md":
                settings = DatasetCard(text, ignore_metadata_errors=False).data.to_dict()
            else:
                settings = yaml.safe_load(text) or {}
            configs = settings.get(MetadataConfigs.FIELD_NAME) or []
            named = [pattern for config in configs for pattern in _patterns(config)]
        except Exception as error:  # the YAML may be anything
            raise InputError(
                f"the dataset's card cannot be read ({quoted(error)})",
                path=path,
                remedy="Correct the YAML at its beginning, or take it away.",
            ) from error
        for pattern in named:
            parts = re.split(r"[/\\]", pattern)
            absolute = parts[0] in ("", "~") or re.match(r"[A-Za-z]:", pattern)
            if absolute or ".." in parts or "::" in pattern or "://" in pattern:
                raise InputError(
                    f"the dataset's card names {shortened(repr(pattern), 200)}, which is not in "
                    "the folder",
                    path=path,
                    remedy="Put the files into the folder, and name them from there.",
                )


def _patterns(config: Mapping[str, Any]) -> Iterator[str]:
    """The patterns of files that one configuration of a card names, and its folder."""
    waiting = [config.get("data_files"), config.get("data_dir")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):  # of a split; its name is no path
            waiting += [inner for key, inner in value.items() if key != "split"]
        elif isinstance(value, list):
            waiting += value


def _refuse_files_elsewhere(files: Sequence[str], folder: Path | None) -> None:
    """Refuse files that are not where the dataset is.

    Args:
        files: Paths or addresses, as `datasets` has found them.
        folder: The dataset's; None: it is on the hub.

    Raises:
        InputError: One is elsewhere, also by way of a link.
    """
    for file in files:
        if folder is None:
            inside = file.startswith("hf://")
        else:
            home = folder.resolve()
            # In the hub's own cache, the files of a snapshot are links to a folder beside it.
            home = home.parents[1] if home.parent.name == "snapshots" else home
            inside = "://" not in file and Path(file).resolve().is_relative_to(home)
        if not inside:
            raise InputError(
                f"its file {shortened(repr(file), 200)} lies elsewhere",
                record=str(folder or "a dataset of the hub"),
                remedy="Put the file itself into the dataset, in place of a link or an address.",
            )


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, HfHubHTTPError):
        return error.response is not None and error.response.status_code in _PASSING
    if isinstance(error, OfflineModeIsEnabled):
        return False
    return isinstance(error, (ConnectionError, TimeoutError, httpx.TransportError))


def records(dataset: Dataset, where: str) -> Iterator[dict[str, object]]:
    """The rows of a dataset, with names in place of the numbers of its class labels.

    Args:
        dataset: One split.
        where: What it is, for messages.

    Raises:
        InputError: A tag column holds numbers and the dataset's features do not name them; or a
            row cannot be read.
    """
    media = [key for key, feature in dataset.features.items() if _is_media(feature)]
    if media:
        # To read them, `datasets` would open whatever path or address a row names.
        log.warning("%s: pictures and sounds are left out: %s", where, ", ".join(map(repr, media)))
        dataset = dataset.remove_columns(media)
    names = {key: _names(feature) for key, feature in dataset.features.items()}
    _check_tags(dataset.features, names, where)
    for number, row in enumerate(_rows(dataset, where), 1):
        try:
            yield {key: _named(value, names[key]) for key, value in row.items()}
        except IndexError as error:
            raise InputError(
                "a class label has a number beyond its feature's names",
                record=f"{where}, row {number}",
                remedy="Correct the dataset, or convert it to one of the file formats.",
            ) from error


def _rows(dataset: Dataset, where: str) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        for row in dataset:
            number += 1
            yield row
    except MemoryError:
        raise
    except Exception as error:  # of its features: what a caller raises does not come here
        raise InputError(
            f"it cannot be read ({quoted(error)})",
            record=f"{where}, row {number + 1}",
            remedy="Correct the dataset, or convert it to one of the file formats.",
        ) from error


def _is_media(feature: Any) -> bool:
    """Whether a column holds pictures, sounds or the like, which are read by a decoder."""
    if isinstance(feature, dict):
        return any(_is_media(inner) for inner in feature.values())
    if isinstance(feature, list):
        return any(_is_media(inner) for inner in feature)
    if hasattr(feature, "decode_example"):
        return type(feature).__name__ != "Json"  # whose decoder opens nothing
    return _is_media(getattr(feature, "feature", []))


def _names(feature: Any) -> list[str] | None:
    """The names of a column's class labels; None where it holds anything else."""
    inner = getattr(feature, "feature", feature)
    return getattr(inner, "names", None)


def _named(value: Any, names: list[str] | None) -> Any:
    if names is None or value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if value < 0:  # datasets' mark of an unknown label
        raise IndexError(value)
    return names[value]


def _check_tags(features: Features, names: Mapping[str, list[str] | None], where: str) -> None:
    for key in TAG_KEYS:
        inner = getattr(features.get(key), "feature", None)
        if str(getattr(inner, "dtype", "")).startswith(("int", "uint")) and names[key] is None:
            raise InputError(
                f"the tags in {key!r} are numbers, and the dataset's features do not name them",
                record=where,
                remedy="Write the dataset with a ClassLabel feature, or tag names; or convert it "
                "to one of the file formats.",
            )
