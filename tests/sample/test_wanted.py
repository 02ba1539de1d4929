"""What cannot be made is refused before anything is written, with what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ClienteleError
from pipelines.sample import Wanted, make_sample, write_sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("wish", "fault"),
    [
        ({"customers": 5}, "customers is 5; give a whole number from 20"),
        ({"months": 1}, "months is 1; give a whole number from 3"),
        ({"seed": -1}, "seed is -1; give a whole number from 0"),
        ({"industry": "railway"}, "industry is 'railway'; it can be telecom, bank, utility"),
        ({"usage": "weekly"}, "usage is 'weekly'; it can be hourly, daily, monthly"),
        ({"end": "2026-13"}, "end is '2026-13'; give a month"),
        ({"end": "2026-9"}, "end is '2026-9'; give a month"),
        ({"dirt": ("much",)}, "the dirt 'much' is neither a factor"),
        ({"dirt": ("mud=0.1",)}, "there is no dirt of kind 'mud'; there are"),
        ({"dirt": ("late_row=7",)}, "rates of dirt"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(wish: dict[str, Any], fault: str) -> None:
    with pytest.raises(ClienteleError, match=fault):
        Wanted(**wish)


@pytest.mark.parametrize("industry", ["telecom", "bank", "utility"])
@pytest.mark.parametrize(("customers", "months"), [(20, 3), (90, 14)])
def test_small_sizes_work_in_every_industry(tmp_path: Path, industry: str, customers: int, months: int) -> None:
    summary = write_sample(tmp_path, Wanted(industry=industry, customers=customers, months=months))
    written = [path for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    assert len(written) == summary.files
    assert sorted(path.stem for path in (tmp_path / "sources").iterdir()) == list(summary.rows)
    assert len(summary.rows) >= 30


@pytest.mark.parametrize("usage", ["daily", "hourly"])
def test_usage_is_metered_as_finely_as_wanted(tmp_path: Path, usage: str) -> None:
    monthly = write_sample(tmp_path / "monthly", Wanted(industry="utility", customers=30, months=3))
    finely = write_sample(tmp_path / usage, Wanted(industry="utility", customers=30, months=3, usage=usage))
    factor = finely.rows["mediation_usage"] / monthly.rows["mediation_usage"]
    # By the hour every hour is of one tariff period, and small households use nothing in some of them.
    assert (15 < factor < 32) if usage == "daily" else (100 < factor < 745)


def test_dirt_can_be_had_in_any_measure(tmp_path: Path) -> None:
    clean = write_sample(tmp_path / "clean", Wanted(customers=200, months=4, dirt=("0",)))
    late = write_sample(tmp_path / "late", Wanted(customers=200, months=4, dirt=("0", "late_row=0.2")))
    usual, tenfold = (write_sample(tmp_path / name, Wanted(customers=200, months=4, dirt=(name,))) for name in ("1", "10"))
    assert clean.dirt == {}
    assert set(late.dirt) == {"late_row"}
    assert late.dirt["late_row"] > 20 * usual.dirt["late_row"]
    assert sum(tenfold.dirt.values()) > 5 * sum(usual.dirt.values())


def test_the_truth_lies_beside_the_workspace_or_nowhere(tmp_path: Path) -> None:
    write_sample(tmp_path / "a" / "workspace", Wanted(customers=20, months=3))
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"workspace"}
    summary = make_sample(tmp_path / "b" / "workspace", Wanted(customers=20, months=3))
    assert summary.apart == tmp_path / "b" / "truth" / "workspace"
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"workspace", "truth"}
    assert {path.name for path in (tmp_path / "b" / "workspace").iterdir()} == {"landing", "sources"}
    assert {path.suffix for path in summary.apart.iterdir()} == {".parquet"}
