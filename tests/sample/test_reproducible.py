from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.sample import write_sample

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sample.delivered import Sample

# Of every file's name and content, unpacked, since builds of zlib pack differently. Who changes the sample changes this on purpose.
CONTENT = "32b50cca5cb00599d9b0b009488ca4950e217c92646875c565ff5c9a3e89696c"


def files(root: Path) -> list[Path]:
    return sorted((path for path in root.rglob("*") if path.is_file()), key=lambda path: path.relative_to(root).as_posix())


def stored(root: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and modification time of each file."""
    return {path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files(root)}


def test_the_same_seed_gives_the_same_bytes_and_dates(sample: Sample, tmp_path: Path) -> None:
    write_sample(tmp_path / "again")
    assert stored(tmp_path / "again") == stored(sample.root)


def test_writing_it_again_over_itself_changes_nothing(tmp_path: Path) -> None:
    write_sample(tmp_path, customers=60, months=4)
    before = stored(tmp_path)
    write_sample(tmp_path, customers=60, months=4)
    assert stored(tmp_path) == before


def test_every_machine_writes_this_content(sample: Sample) -> None:
    digest = hashlib.sha256()
    for path in files(sample.root / "landing"):
        content = path.read_bytes()
        digest.update(path.relative_to(sample.root).as_posix().encode() + b"\0")
        digest.update(gzip.decompress(content) if path.suffix == ".gz" else content)
    assert digest.hexdigest() == CONTENT


def test_another_seed_gives_another_business(sample: Sample, tmp_path: Path) -> None:
    write_sample(tmp_path / "other", seed=7)
    here, there = stored(sample.root / "landing"), stored(tmp_path / "other" / "landing")
    same = {name for name in here if "products" not in name and name in there and here[name][0] == there[name][0]}
    assert not same


def test_no_time_of_writing_is_left_in_the_files(sample: Sample) -> None:
    for path in sample.root.rglob("*.gz"):
        header = path.read_bytes()[:10]
        assert header[3] == 0, "a name or comment in the gzip header"
        assert header[4:8] == b"\0\0\0\0", "a time in the gzip header"
        assert header[9] == 255, "the operating system in the gzip header"


def test_the_truth_is_written_only_on_request(tmp_path: Path) -> None:
    write_sample(tmp_path / "workspace", customers=60, months=4)
    assert {path.name for path in tmp_path.iterdir()} == {"workspace"}
    assert {path.name for path in (tmp_path / "workspace").iterdir()} == {"landing", "sources"}


def test_progress_reaches_the_last_file(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    summary = write_sample(tmp_path, customers=60, months=4, progress=lambda what, done, total: told.append((what, done, total)))
    assert told == [("writing the sample", number, summary.files) for number in range(1, summary.files + 1)]


@pytest.mark.parametrize(
    ("customers", "months", "seed", "fault"), [(5, 18, 1, "customers is 5"), (500, 1, 1, "months is 1"), (500, 18, -1, "seed is -1")]
)
def test_a_number_out_of_range_is_refused(tmp_path: Path, customers: int, months: int, seed: int, fault: str) -> None:
    with pytest.raises(ClienteleError, match=f"the sample's {fault}; give a whole number from"):
        write_sample(tmp_path / "workspace", customers, months, seed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("customers", "months", "seed"), [(20, 3, 0), (37, 5, 3), (200, 30, 1)])
def test_other_sizes_work(tmp_path: Path, customers: int, months: int, seed: int) -> None:
    summary = write_sample(tmp_path, customers=customers, months=months, seed=seed)
    assert summary.files == 8 * months + 1
    assert len(list((tmp_path / "landing").rglob("*.*"))) == summary.files
