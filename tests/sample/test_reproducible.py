"""The same wish gives the same content, wherever and whenever it is made."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sample import Wanted, write_sample
from pipelines.sample.population import chunks

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.sample.conftest import Written

# Of every text file's name and content, unpacked, since builds of the packers differ. Who changes the sample changes this on purpose.
CONTENT = "f2473067635ce5057f6cb6eeae71dfca3f7feae20b2ac6d61b19949f85869f61"


def files(root: Path) -> list[Path]:
    return sorted((path for path in root.rglob("*") if path.is_file()), key=lambda path: path.relative_to(root).as_posix())


def stored(root: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and modification time of each file."""
    return {path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files(root)}


def unpacked(path: Path) -> bytes:
    """What is in a text file or a Parquet file; of a workbook nothing, whose bytes the packer decides."""
    if path.suffix == ".zst":
        with pa.CompressedInputStream(path.open("rb"), "zstd") as stream:
            content: bytes = stream.read()
        return content
    if path.suffix == ".parquet":
        return pl.from_arrow(pq.read_table(path)).write_csv().encode()  # type: ignore[union-attr]
    return b"" if path.suffix == ".xlsx" else path.read_bytes()


def test_the_same_wish_gives_the_same_bytes_and_dates(small: Written, tmp_path: Path) -> None:
    write_sample(tmp_path / "workspace", Wanted(customers=600, months=12), truth=tmp_path / "truth")
    assert stored(tmp_path / "workspace") == stored(small.root)
    for path in files(small.truth):
        assert pl.read_parquet(tmp_path / "truth" / path.name).equals(pl.read_parquet(path)), path.name


def test_every_machine_writes_this_content(small: Written) -> None:
    digest = hashlib.sha256()
    for path in files(small.root / "landing"):
        digest.update(path.relative_to(small.root).as_posix().encode() + b"\0")
        digest.update(unpacked(path))
    assert digest.hexdigest() == CONTENT


def test_writing_it_again_over_itself_changes_nothing(tmp_path: Path) -> None:
    write_sample(tmp_path, Wanted(customers=60, months=4))
    before = stored(tmp_path)
    write_sample(tmp_path, Wanted(customers=60, months=4))
    assert stored(tmp_path) == before


def test_another_seed_gives_another_business(small: Written, tmp_path: Path) -> None:
    write_sample(tmp_path, Wanted(customers=600, months=12, seed=7))
    here, there = stored(small.root / "landing"), stored(tmp_path / "landing")
    same = {name for name in here if name in there and here[name][0] == there[name][0]}
    assert {name.split("_2")[0] for name in same} <= {
        "crm/products",
        "finance/calendar",
        "finance/service_targets",
        "finance/targets",
        "hr/units",
        "harbour/customers",  # the list that comes empty
    }


def test_another_end_gives_the_months_before_it(tmp_path: Path) -> None:
    write_sample(tmp_path, Wanted(customers=60, months=4, end="2020-02"))
    names = [path.name for path in (tmp_path / "landing" / "billing").glob("invoices_*")]
    assert {name[9:16] for name in names} == {"2019-12", "2020-01", "2020-02", "2020-03"}


def test_chunks_come_one_after_the_other_with_numbers_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "ENTITIES_A_CHUNK", 50)
    summary = write_sample(tmp_path / "workspace", Wanted(customers=120, months=6, dirt=("0",)), truth=tmp_path / "truth")
    customers = pl.read_parquet(tmp_path / "truth" / "customers.parquet")
    assert customers["entity"].unique().sort().to_list() == list(range(120))
    assert customers.select("source_system", "customer_id").is_unique().all()
    assert summary.dirt == {}
    lines = b"".join(unpacked(path) for path in files(tmp_path / "workspace" / "landing" / "call_centre")).decode().splitlines()
    numbers = [json.loads(line)["contactId"] for line in lines]
    assert len(numbers) == len(set(numbers)) > 100
    told: list[int] = []
    write_sample(tmp_path / "again", Wanted(customers=120, months=6), progress=lambda what, done, total: told.append(done * 1000 + total))
    assert told == [done * 1000 + 22 for done in range(1, 23)]
