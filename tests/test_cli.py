"""The command `clientele`: how it is asked and how it answers. What a verb does is tested in its room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines import cli
from pipelines.errors import ClienteleError
from pipelines.policy import load_policy
from pipelines.warehouse.workspace import CHECKOUT, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Call(Protocol):
        """Run the command; exit status, output, and what it complains."""

        def __call__(self, *arguments: str) -> tuple[int, str, str]: ...


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called from a folder that is not the checkout, with nothing set."""
    for name in ("CLIENTELE_WORKSPACE", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clientele", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert isinstance(code, int | None)
        return code or 0, *capsys.readouterr()

    return run


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """In place of a run by Dagster: what was asked for, and what it answers."""
    asked = SimpleNamespace(workspaces=[], closed=[], result={})

    def run_build(workspace: Workspace, progress: Callable[[Any], None]) -> SimpleNamespace:
        asked.workspaces.append(workspace)
        asked.folder = Path.cwd()
        asked.environment = {name: os.environ.get(name) for name in ("CLIENTELE_WORKSPACE", "DAGSTER_HOME")}
        progress(SimpleNamespace(step="intake", state="done", finished=1, planned=1, seconds=0.5, detail=""))
        return SimpleNamespace(**{"success": True, "is_new": True, "seconds": 1.0, "failure": "", "detail": "", "said": (), **asked.result})

    module = ModuleType("pipelines.defs.run")
    module.run_build = run_build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipelines.defs.run", module)
    monkeypatch.setattr("pipelines.display.closing", lambda _, *told: asked.closed.append(told))
    return asked


@pytest.mark.parametrize("verb", [(), ("run",), ("sample",), ("render",), ("policy",)])
def test_help(call: Call, verb: tuple[str, ...]) -> None:
    code, told, complained = call(*verb, "--help")
    assert (code, complained) == (0, "")
    assert "Usage: clientele" in told


def test_help_lists_the_verbs(call: Call) -> None:
    _, told, _ = call("--help")
    for verb in ("run", "sample", "render", "policy"):
        assert f"│ {verb} " in told


@pytest.mark.parametrize("arguments", [(), ("walk",), ("policy", "--variable"), ("sample", "--customers", "x"), ("sample", "--seed", "x")])
def test_what_is_no_command_is_told_so(call: Call, arguments: tuple[str, ...]) -> None:
    code, told, complained = call(*arguments)
    assert code == 2
    assert "Usage: clientele" in told + complained
    assert "Traceback" not in complained


def test_a_fault_is_one_sentence(call: Call, tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("publish.keep_versionz: 3\n", encoding="utf-8")
    code, told, complained = call("policy", "--workspace", ".")
    assert (code, told) == (1, "")
    assert complained.startswith(
        f"{tmp_path}/policy.yml, line 1: 'publish.keep_versionz' is not a policy; did you mean 'publish.keep_versions'"
    )
    assert complained.count("\n") == 1


def test_a_sentence_is_shown_as_it_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """No markup, no wrapping: it names files, and long ones."""
    sentence = f"landing/[bold]账单[1].csv: {'long ' * 60}."

    def refuse(_: object) -> None:
        raise ClienteleError(sentence)

    monkeypatch.setattr("pipelines.policy.load_policy", refuse)
    assert call("policy") == (1, "", sentence + "\n")


def test_an_unforeseen_fault_keeps_its_traceback_and_hides_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["clientele", "policy"])

    def fail(_: object) -> None:
        raise KeyError

    monkeypatch.setattr("pipelines.policy.load_policy", fail)
    with pytest.raises(KeyError):
        cli.main()
    assert cli.application.pretty_exceptions_enable is False


def test_policy_shows_what_is_in_force(call: Call, tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("churn.horizon_months: 4\n", encoding="utf-8")
    code, told, _ = call("policy", "-w", str(tmp_path))
    assert code == 0
    line = next(line for line in told.splitlines() if line.startswith("churn.horizon_months\t"))
    assert line.split("\t")[1:3] == ["4", "months"]
    assert len(told.splitlines()) == 1 + len(load_policy().entries())


def test_policy_variables_are_json(call: Call, tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("churn.horizon_months: 4\n", encoding="utf-8")
    code, told, _ = call("policy", "--variables", "-w", str(tmp_path))
    assert code == 0
    assert json.loads(told) == {"policy": load_policy(tmp_path / "policy.yml").as_variables()}
    assert told.count("\n") == 1


@pytest.mark.parametrize("verb", ["policy", "run"])
def test_a_workspace_that_is_not_there_is_told_and_not_made(call: Call, builds: SimpleNamespace, tmp_path: Path, verb: str) -> None:
    code, told, complained = call(verb, "--workspace", "tpyo")
    assert (code, told) == (1, "")
    assert complained.startswith(f"{tmp_path}/tpyo: there is no such workspace folder; ")
    assert not (tmp_path / "tpyo").exists()
    assert builds.workspaces == []


def test_sample_writes_into_the_folder_named(call: Call, tmp_path: Path) -> None:
    code, told, _ = call("sample", "--out", "电信", "--customers", "20", "--months", "3", "--seed", "7")
    assert code == 0
    assert list((tmp_path / "电信" / "sources").glob("*.yml"))
    assert told.endswith(f"\nNext: clientele run --workspace {tmp_path}/电信\n")
    assert "\x1b" not in told
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    code, told, complained = call("sample", "--out", "电信")
    assert (code, told) == (1, "")
    assert complained == f"{tmp_path}/电信/sources: the workspace has sources already; give an empty folder with --out.\n"
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_relative_workspace_lies_in_the_callers_folder(
    call: Call, builds: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Also where a parent process has left another folder in PWD."""
    monkeypatch.setenv("PWD", "/")
    (tmp_path / "shop").mkdir()
    if how == "environment":
        monkeypatch.setenv("CLIENTELE_WORKSPACE", "shop")
    code, _, _ = call("run", *(("--workspace", "shop") if how == "option" else ()))
    assert code == 0
    assert builds.workspaces == [Workspace(tmp_path / "shop")]


def test_a_run_works_in_the_checkout_and_comes_back(call: Call, builds: SimpleNamespace, tmp_path: Path) -> None:
    """Dagster's folders are relative to the checkout, and whoever asks for the current workspace gets the one that was named."""
    call("run", "-w", ".")
    assert builds.folder == CHECKOUT
    assert builds.environment == {"CLIENTELE_WORKSPACE": str(tmp_path), "DAGSTER_HOME": str(CHECKOUT)}
    assert Path.cwd() == tmp_path


def test_another_dagster_home_is_respected(call: Call, builds: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/elsewhere")
    call("run", "-w", ".")
    assert builds.environment["DAGSTER_HOME"] == "/elsewhere"


def test_a_run_shows_its_steps_and_closes(call: Call, builds: SimpleNamespace, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.failure_report.write_text("of the run before")
    code, told, complained = call("run", "-w", ".")
    assert (code, complained) == (0, "")
    assert told.splitlines() == ["✓ intake                     1/1      0.5 s  done"]
    assert builds.closed == [(workspace, True, 1.0)]
    assert not workspace.failure_report.exists()


def test_a_failed_run_says_why_and_where_the_rest_is(call: Call, builds: SimpleNamespace, tmp_path: Path) -> None:
    builds.result = {"success": False, "failure": "The model core.x failed: no such column; mend it.", "detail": "第一行\nsecond line"}
    code, _, complained = call("run", "-w", ".")
    report = tmp_path / "last-failure.log"
    assert code == 1
    assert complained == f"The model core.x failed: no such column; mend it.\nThe full report is in {report}.\n"
    assert report.read_text(encoding="utf-8") == "第一行\nsecond line\n"
    assert builds.closed == []


@pytest.mark.parametrize(("failure", "said"), [("It is held.", "It is held.\n"), ("", "The run failed and did not say why.\n")])
def test_a_failure_without_more_to_tell_writes_no_report(
    call: Call, builds: SimpleNamespace, tmp_path: Path, failure: str, said: str
) -> None:
    builds.result = {"success": False, "failure": failure}
    assert call("run", "-w", ".")[::2] == (1, said)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_is_written_when_asked_for_and_only_into_an_empty_workspace(
    call: Call, builds: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def write_sample(root: Path, progress: Callable[[str, int, int], None]) -> None:
        progress("invoices", 1, 1)
        (root / "sources").mkdir(parents=True)
        (root / "sources" / "billing.yml").write_text("")
        written.append(root)

    monkeypatch.setattr("pipelines.sample.write_sample", write_sample)
    assert call("run", "-w", "mistyped", "--sample-when-empty")[0] == 1
    (tmp_path / "used" / "landing").mkdir(parents=True)
    (tmp_path / "used" / "landing" / "bills.csv").write_text("Id\n")
    assert call("run", "-w", "used", "--sample-when-empty")[0] == 0
    assert written == []
    builds.workspaces.clear()
    (tmp_path / "new").mkdir()
    for _ in range(2):
        assert call("run", "-w", "new", "--sample-when-empty")[0] == 0
    assert written == [tmp_path / "new"]
    assert len(builds.workspaces) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "told", "complained"),
    [
        ((), 0, "wrote  models/x.yml\n", ""),
        (
            ("--check",),
            1,
            "differs  models/x.yml\n",
            "What is rendered differs from the contracts; run 'make render' and commit the result.\n",
        ),
    ],
)
def test_render(call: Call, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, told: str, complained: str) -> None:
    module = ModuleType("pipelines.rendering")
    module.write = module.stale = lambda: [Path("models/x.yml")]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipelines.rendering", module)
    assert call("render", *arguments) == (code, told, complained)


def test_a_screen_that_lacks_letters_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "工作区").mkdir()
    (tmp_path / "工作区" / "policy.yml").write_text("货币: EUR\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "iso-8859-1"}
    command = [sys.executable, "-m", "pipelines.cli", "policy", "-w", "工作区"]
    ended = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.decode("iso-8859-1").startswith(f"{tmp_path}/???/policy.yml, line 1: '??' is not a policy")


def test_help_answers_at_once(tmp_path: Path) -> None:
    """Nothing heavy is imported before it is needed."""
    script = "import sys, pipelines.cli; print([name for name in ('dagster', 'dbt', 'polars', 'rich.progress') if name in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"
