"""The verb `sample`: it writes where nothing lies in the way, shows what was made, and says in a sentence what cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipelines.cli import application
from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("--customers", "30", "--months", "3")


def call(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what it said, and the sentence it ended with."""
    result = CliRunner().invoke(application, ["sample", *arguments])
    if isinstance(result.exception, ClienteleError):
        return 1, result.stdout, str(result.exception)
    return result.exit_code, result.stdout, result.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_tells_what_was_delivered_what_went_wrong_and_what_to_do_next(tmp_path: Path) -> None:
    code, told, _ = call("--out", str(tmp_path / "shop"), "--industry", "bank", "--end", "2024-02", *SMALL)
    assert code == 0
    assert "Delivered\tbilling_invoices\t" in told
    assert "Went wrong on the way\t" in told
    assert f"What only its maker knows: {tmp_path}/truth/shop\n" in told
    assert told.endswith(f"Next: clientele run --workspace {tmp_path}/shop\n")
    assert list((tmp_path / "shop" / "landing" / "billing").glob("invoices_2024-03-*"))
    assert (tmp_path / "truth" / "shop" / "customers.parquet").is_file()


def test_the_same_wish_is_fulfilled_in_the_same_way_and_another_in_another(tmp_path: Path) -> None:
    for name, more in (("a", ()), ("b", ()), ("c", ("--seed", "3")), ("d", ("--dirt", "0")), ("e", ("--usage", "daily"))):
        assert call("--out", str(tmp_path / name), *SMALL, *more)[0] == 0
    first, again, *others = (contents(tmp_path / name / "landing") for name in "abcde")
    assert first == again
    assert all(other != first for other in others)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (("--industry", "railway"), "it can be telecom, bank, utility."),
        (("--end", "2026-13"), "give a month"),
        (("--customers", "0"), "give a whole number from 20"),
        (("--dirt", "mud=1"), "there is no dirt of kind 'mud'"),
    ],
)
def test_a_wish_that_cannot_be_met_writes_nothing(tmp_path: Path, wish: tuple[str, ...], sentence: str) -> None:
    code, told, complained = call("--out", str(tmp_path / "shop"), *wish)
    assert (code, told) == (1, "")
    assert sentence in complained
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", [(), ("--out", ""), ("--out", ".")])
def test_the_folder_is_named(out: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLIENTELE_WORKSPACE", raising=False)
    assert call(*out, *SMALL) == (1, "", "name the folder that the sample is written into, such as --out shops/telecom.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("shop/landing/crm/customers.csv", "files lie here already"),
        ("shop/sources/crm.yml", "has sources already"),
        ("shop", "this is a file"),
    ],
)
def test_nothing_of_anybodys_is_overwritten_or_mixed_with(tmp_path: Path, place: str, sentence: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("mine")
    before = contents(tmp_path)
    code, told, complained = call("--out", str(tmp_path / "shop"), *SMALL)
    assert (code, told) == (1, "")
    assert sentence in complained
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    code, _told, complained = call("--out", str(tmp_path / "file" / "shop"), *SMALL)
    assert code == 1
    assert complained.endswith("the sample is not written. Give another folder with --out.")


def test_what_an_interrupted_writing_left_is_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / "shop" / "landing" / ".unfinished" / "crm" / "customers_2026-08-05.csv"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    assert call("--out", str(tmp_path / "shop"), *SMALL)[0] == 0
    assert not left.exists()


def test_the_report_alone_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, told, _ = call("--report", "--customers", "60", "--months", "12")
    assert code == 0
    lines = [line.split("\t") for line in told.splitlines() if "\t" in line]
    assert lines[0] == ["shape", "sample", "from", "to", "real", "source"]
    assert len(lines) > 25
    assert {len(line) for line in lines} == {6}
    assert list(tmp_path.iterdir()) == []
