"""`clientele deliveries`, `release`, `reject` and `clientele quarantine`, as a person calls them."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from pipelines import cli, display
from pipelines.policy import load_policy
from pipelines.transform.inputs import build_fingerprint
from tests.intake.test_worked_example import EXPORT, FEEDS
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str, str]]

FULL = "mode: full\ndelivery_order: {from: file_name, pattern: '(\\d{4}-\\d{2}-\\d{2})'}"
CUSTOMERS = "customers:\n  columns: {customer_id: Id, name: 姓名, region: Region, language: Lang}"


@pytest.fixture
def business(tmp_path: Path) -> World:
    """A till with a broken line; customers in full, of which the second delivery is held and the first has rows that could not land."""
    world = World(tmp_path / "workspace")
    world.source("till", FEEDS)
    world.deliver("till/export.csv", EXPORT)
    world.source("crm", CUSTOMERS, FULL)
    rows = "".join(f"c{number},王伟,北京,zh\n" for number in range(10))
    world.deliver("crm/客户_2024-01-01.csv", f'Id,姓名,Region,Lang\n{rows}c98,李娜,上海,"=HYPERLINK(""x"")"\n"c"99,张敏,上海,zh\n')
    world.deliver("crm/客户_2024-01-02.csv", "Id,姓名,Region,Lang\nc1,王伟,北京,zh\n")
    world.land()
    return world


@pytest.fixture
def call(business: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a verb in that workspace, on a terminal of some width or (0) into a pipe; exit status, output, complaint."""
    monkeypatch.setenv("CLIENTELE_WORKSPACE", str(business.root))
    monkeypatch.setattr("getpass.getuser", lambda: "ana")

    def run(*arguments: str, width: int = 0) -> tuple[int, str, str]:
        screen = io.StringIO()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["clientele", *arguments])
            if width:
                console = Console(file=screen, width=width, force_terminal=True, color_system=None)
                patched.setattr(display, "standard_output", lambda: console)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        told, complained = capsys.readouterr()
        return int(ended.value.code or 0), screen.getvalue() + told, complained

    return run


def code_of(call: Call, file: str) -> str:
    return next(line.split("\t")[0] for line in call("deliveries")[1].splitlines() if file in line)


def test_deliveries_in_a_pipe_are_a_line_each(call: Call) -> None:
    status, told, _ = call("deliveries")
    lines = [line.split("\t") for line in told.splitlines()]
    assert status == 0
    assert lines[0] == "delivery,source,file,record type,known at,in,landed,duplicate,excluded,quarantined,status,reason".split(",")
    assert [line[1:4] + line[5:11] for line in lines[1:]] == [
        ["crm", "landing/crm/客户_2024-01-01.csv", "customers", "12", "10", "0", "0", "2", "landed"],
        ["crm", "landing/crm/客户_2024-01-02.csv", "customers", "1", "0", "1", "0", "0", "held"],
        ["till", "landing/till/export.csv", "invoice_lines", "6", "4", "0", "1", "1", "landed"],
        ["till", "landing/till/export.csv", "invoices", "6", "4", "0", "1", "1", "landed"],
    ]
    assert [line[2] for line in (row.split("\t") for row in call("deliveries", "--status", "held")[1].splitlines()[1:])] == [
        "landing/crm/客户_2024-01-02.csv"
    ]
    assert len(call("deliveries", "--source", "crm", "--last", "1")[1].splitlines()) == 2


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_deliveries_fit_the_screen(call: Call, width: int) -> None:
    code = code_of(call, "2024-01-02")
    for verb in (("deliveries",), ("quarantine", "list"), ("quarantine", "show", "客户_2024-01-01.csv")):
        _, told, _ = call(*verb, width=width)
        # What can be copied is never broken: commands and sentences.
        drawn = [line for line in told.splitlines() if "clientele" not in line and " is held: " not in line]
        assert max(cell_len(line.rstrip()) for line in drawn) <= width
    assert f'clientele release {code} --reason "…"' in call("deliveries", width=width)[1]


def test_a_delivery_is_released_and_the_next_run_builds(call: Call, business: World) -> None:
    before = build_fingerprint(business.workspace, load_policy())
    status, told, _ = call("release", code_of(call, "2024-01-02")[:6], "--reason", "the loss is real")
    assert status == 0
    assert "by ana: it counts from the next publication on." in told
    assert "clientele run" in told
    assert business.rows("select status, reason, decision from raw.delivery where decision is not null") == [
        ("landed", "the loss is real", "released")
    ]
    after = build_fingerprint(business.workspace, load_policy())
    assert after != before
    business.land()
    assert build_fingerprint(business.workspace, load_policy()) == after
    assert call("reject", "客户_2024-01-02.csv", "--reason", "it is not", "--by", "ben")[0] == 0
    assert build_fingerprint(business.workspace, load_policy()) not in (before, after)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("release", "客户_2024-01-03.csv", "--reason", "x"), "did you mean '客户_2024-01-0"),
        (("release", "export.csv", "--reason", "x"), "is not held: it has landed and counts."),
        (("reject", "export.csv", "--reason", "x"), "deliver a corrected file"),
        (("release", "客户_2024-01-02.csv", "--reason", " "), "needs its reason"),
        (("deliveries", "--source", "crn"), "did you mean 'crm'?"),
        (("deliveries", "--status", "hold"), "did you mean 'held'?"),
        (("quarantine", "show", "nothing.csv"), "No delivery is called 'nothing.csv'"),
    ],
)
def test_what_cannot_be_done_is_said(call: Call, business: World, arguments: tuple[str, ...], said: str) -> None:
    status, _, complained = call(*arguments)
    assert status == 1
    assert said in complained
    assert business.values("select count(*) from raw.delivery where decision is not null") == [0]


def test_a_decision_in_force_is_not_taken_twice(call: Call) -> None:
    assert call("reject", "客户_2024-01-02.csv", "--reason", "cut short")[0] == 0
    status, _, complained = call("reject", "客户_2024-01-02.csv", "--reason", "cut short")
    assert (status, "is rejected already" in complained) == (1, True)
    assert call("release", "客户_2024-01-02.csv", "--reason", "a mistake")[0] == 0


def test_personal_cells_are_masked_until_they_are_asked_for(call: Call) -> None:
    for width in (0, 120):
        _, told, _ = call("quarantine", "show", "客户_2024-01-01.csv", width=width)
        assert "Region=上海" in told
        assert "姓名=•••" in told
        assert not any(hidden in told for hidden in ("李娜", "c98", "张敏", 'c"99'))
        _, told, _ = call("quarantine", "show", "客户_2024-01-01.csv", "--reveal", width=width)
        assert all(shown in told for shown in ("李娜", "c98", "张敏"))


def test_a_source_that_is_gone_masks_everything(call: Call, business: World) -> None:
    (business.workspace.sources / "crm.yml").unlink()
    _, told, _ = call("quarantine", "show", "客户_2024-01-01.csv")
    assert "上海" not in told


def test_rows_are_exported_mended_and_replayed(call: Call, business: World) -> None:
    status, _, complained = call("quarantine", "export", "--out", str(business.root / "all.csv"))
    assert (status, "2 different headers" in complained) == (1, True)
    assert not (business.root / "all.csv").exists()
    folder = business.root / "mend"
    _, told, _ = call("quarantine", "export", "--out", str(folder))
    assert "Wrote 2 rows of crm" in told
    assert sorted(path.name for path in folder.iterdir()) == ["crm.csv", "till.csv"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    crm = (folder / "crm.csv").read_text("utf-8-sig")
    assert (folder / "crm.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert '"\'=HYPERLINK(""x"")"' in crm
    assert call("quarantine", "export", "--out", str(folder))[0] == 1
    (folder / "till.csv").write_text((folder / "till.csv").read_text("utf-8").replace("seven", "7.00"), encoding="utf-8")
    _, told, _ = call("quarantine", "replay", str(folder / "till.csv"))
    assert "1 row of invoices landed." in told
    _, told, _ = call("quarantine", "replay", str(folder / "crm.csv"))
    assert "line 2: customers.language still breaks 'pattern'." in told
    assert [line.split("\t")[2:7] for line in call("quarantine", "list", "--source", "till")[1].splitlines()[1:]] == [
        ["invoice_lines", "amount", "type", "0", "1"],
        ["invoices", "amount", "type", "0", "1"],
    ]


def test_a_delivery_of_broken_rows_alone_is_exported_with_its_columns(call: Call, business: World) -> None:
    business.deliver("till/broken.csv", 'Kind,Invoice,Issued,Product,Amount\n"li"ne,A\n')
    business.land()
    assert call("quarantine", "export", "--delivery", "broken.csv", "--out", str(business.root / "b.csv"))[0] == 0
    header = (business.root / "b.csv").read_text("utf-8-sig").splitlines()[0]
    assert header == "_delivery,_record_type,_row_number,_faults,Kind,Invoice,Issued,Product,Amount,_row_text"


def test_before_anything_was_taken_in(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for verb in (("deliveries",), ("quarantine", "list"), ("release", "x", "--reason", "y")):
        status, _, complained = call(*verb, "--workspace", str(tmp_path / "empty"))
        assert (status, "run 'clientele run' first" in complained) == (1, True)
