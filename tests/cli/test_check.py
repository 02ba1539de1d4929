"""`clientele check`: how it is asked, what it answers, and that it shows no personal value."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import pytest

from pipelines import cli
from pipelines.sample import Wanted, write_sample
from pipelines.warehouse.workspace import Workspace
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str, str]]

SOURCE = """
    invoices:
      columns: {invoice_id: bill, customer_id: who, issued_at: at, amount: total}
"""
HEAD = "bill,who,at,total\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "workspace")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.delenv("CLIENTELE_WORKSPACE", raising=False)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clientele", "check", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int | None)
        return ended.value.code or 0, *capsys.readouterr()

    return run


def test_a_good_file(world: World, call: Call) -> None:
    world.source("shop", SOURCE)
    path = world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10\n")
    code, out, err = call(path, "--workspace", world.root)
    assert (code, err) == (0, "")
    assert out.splitlines()[-2:] == [f"Next: clientele run --workspace {world.root}", "It would land whole."]
    assert "utf-8, fields parted by ','; 4 columns, 1 row\n" in out


def test_a_bad_file(world: World, call: Call) -> None:
    world.source("shop", SOURCE)
    path = world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10\nB,c1,soon,10\n")
    code, out, _ = call(path, "-w", world.root)
    assert code == 1
    assert "invoices.issued_at breaks 'type' in 1 row: row 2 soon" in out
    assert out.splitlines()[-1] == "It would not land whole: 1 row of invoices would go to quarantine."


def test_a_source_is_proposed_written_and_used(tmp_path: Path, world: World, call: Call) -> None:
    path = tmp_path / "invoices_2024-02-01.csv"
    path.write_text("bill no,customer no,bill date,total\nA,c1,2024-01-05,10\n", encoding="utf-8")
    code, out, err = call(path, "-w", world.root)
    assert code == 0
    assert err.splitlines()[-1] == "It would land whole."
    assert not world.root.exists()
    written = tmp_path / "proposed.yml"
    code, shown, _ = call(path, "-w", world.root, "--out", written)
    assert code == 0
    assert written.read_text(encoding="utf-8") == out
    assert shown.splitlines()[0] == f"Wrote {written}."
    assert call(path, "-w", world.root, "--source", written)[0] == 0
    code, _, err = call(path, "-w", world.root, "--out", written)
    assert (code, "is there already" in err) == (1, True)


def test_what_is_missing_for_the_record_type(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "x.csv"
    path.write_text("bill no,customer no\nA,c1\n", encoding="utf-8")
    code, out, err = call(path, "-w", tmp_path / "none", "--record", "invoices")
    assert code == 1
    assert "# missing: issued_at" in out
    assert "no column was found for invoices.issued_at and invoices.amount" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("landing/shop/2.csv",), "did you mean 1.csv?"),
        (("landing/shop",), "is a folder; name one of its 1 files, such as "),
        (("nowhere/1.csv",), "no folder "),
        (("empty.csv",), "the file is empty"),
        (("picture.csv",), "is a picture"),
        (("landing/shop/1.csv", "--source", "shopp"), "there is no source 'shopp'; did you mean 'shop'?"),
        (("landing/shop/1.csv", "--out", "x.yml"), "--record and --out are for a file without a source"),
    ],
)
def test_what_cannot_be_checked_is_a_sentence(world: World, call: Call, arguments: tuple[str, ...], said: str) -> None:
    world.source("shop", SOURCE)
    world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10\n")
    (world.root / "empty.csv").touch()
    (world.root / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = call(world.root / arguments[0], *arguments[1:], "-w", world.root)
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_file_of_two_sources_asks_which(world: World, call: Call) -> None:
    world.source("shop", SOURCE)
    (world.workspace.sources / "other.yml").write_text(
        (world.workspace.sources / "shop.yml").read_text(encoding="utf-8").replace("source: shop", "source: other"), encoding="utf-8"
    )
    path = world.deliver("shop/1.csv", HEAD + "A,c1,2024-01-05,10\n")
    code, _, err = call(path, "-w", world.root)
    assert code == 1
    assert "lies at the location of other and shop; say which with --source." in err
    assert call(path, "-w", world.root, "--source", "other")[0] == 0


@pytest.mark.parametrize("is_known", [True, False])
def test_no_personal_value_is_shown(tmp_path: Path, call: Call, is_known: bool) -> None:
    root = tmp_path / "sample"
    write_sample(root, Wanted(customers=40, months=3))
    path = min(Workspace.at(root).landing.glob("crm/customers_*.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    # Damage that quarantines rows by their personal columns as well.
    damaged = path.with_name("customers_2030-01-01.csv")
    text = path.read_text(encoding="utf-8").replace("-02-", "-31-").replace("-03-", "-32-") + lines[0][0] + ",P\n"
    damaged.write_text(text, encoding="utf-8")
    workspace = root if is_known else tmp_path / "none"
    code, out, err = call(damaged, "-w", workspace)
    assert code == 1
    assert "quarantine" in out + err
    personal = {cell for line in lines for place, cell in enumerate(line) if place in (0, 2, 3, 4, 6, 7, 8, 12) and len(cell) > 1}
    assert len(personal) > 100
    assert not {value for value in personal if value in out + err}
