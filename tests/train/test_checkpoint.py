from __future__ import annotations

from pathlib import Path

import pytest

from eatner.train.checkpoint import Checkpoint


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut"])
def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_used(
    tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "c.pt"
    Checkpoint(path, "one").save(step=3)
    assert Checkpoint(path, "one").state["step"] == 3
    assert Checkpoint(path, "another").state is None
    path.write_bytes(damage)
    assert Checkpoint(path, "one").state is None


def test_a_checkpoint_is_replaced_and_deleted_as_a_whole(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "room" / "c.pt", "one")
    assert checkpoint.state is None
    for step in (1, 2):
        checkpoint.save(step=step)
    assert [path.name for path in (tmp_path / "room").iterdir()] == ["c.pt"]
    assert Checkpoint(checkpoint.path, "one").state["step"] == 2
    checkpoint.delete()
    checkpoint.delete()
    assert list((tmp_path / "room").iterdir()) == []
