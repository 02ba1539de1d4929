"""The dbt project, parsed once for every state of its files and of the policy.

Parsing costs seconds and is needed wherever the asset graph is, so its result is kept below `dbt_project/target/parsed/` in a folder
named by a fingerprint of everything that parsing reads. A folder appears whole or not at all and never changes, so that several
processes may prepare and read at the same time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ClienteleError
from pipelines.warehouse.limits import BUILD_SHARE, settings
from pipelines.warehouse.workspace import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dbt.contracts.graph.manifest import Manifest

PROJECT = CHECKOUT / "dbt_project"
BUILD_FILE_VARIABLE = "CLIENTELE_BUILD_FILE"

_MANIFEST = "manifest.json"
_PARSED_STATE = "partial_parse.msgpack"
_NOT_READ_BY_PARSING = frozenset({"target", "logs", "dbt_packages", "__pycache__"})
# Policies and branches that take turns each keep their result; older ones go.
_KEPT = 6


@dataclass(frozen=True)
class ParsedProject:
    """A dbt project and what parsing made of it.

    Attributes:
        source: The project's folder, with dbt_project.yml and profiles.yml.
        folder: Where the result of parsing lies.
    """

    source: Path
    folder: Path

    def manifest(self) -> Mapping[str, Any]:
        """The manifest as dbt writes it for other programs: nodes, sources, parents and children by unique id."""
        content: Mapping[str, Any] = json.loads((self.folder / _MANIFEST).read_bytes())
        return content

    def loaded(self) -> Manifest:
        """The manifest as dbt's own object, fresh at each call because a run writes into it.

        Given to dbt, it saves every invocation the check whether anything must be parsed again.
        """
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        manifest: Manifest = Manifest.from_msgpack((self.folder / _PARSED_STATE).read_bytes(), decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
        return manifest


def ensure_manifest(variables: Mapping[str, object], source: Path = PROJECT) -> ParsedProject:
    """Return the parsed project, parsing only when a file, a variable or a version differs from what was parsed before.

    Args:
        variables: dbt variables, JSON values only; the policy goes in under `policy`.
        source: The dbt project's folder.

    Raises:
        ClienteleError: The project cannot be parsed.
    """
    kept = source / "target" / "parsed"
    folder = kept / fingerprint(variables, source)
    if (folder / _MANIFEST).exists():
        # The folder's own time says when it was last wanted.
        os.utime(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept, prefix=".parsing-") as unfinished:
            _parse(variables, source, Path(unfinished))
            _keep(Path(unfinished), folder)
        _forget_oldest(kept, folder)
    return ParsedProject(source, folder)


def fingerprint(variables: Mapping[str, object], source: Path = PROJECT) -> str:
    """Digest of all that parsing depends on: the project's files by content, the variables, the versions of dbt; 24 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=12)
    for name in ("dbt-core", "dbt-duckdb"):
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(json.dumps(variables, sort_keys=True).encode())
    for path in _files(source):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(source).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def build_file_named(path: Path) -> Iterator[None]:
    """Tell dbt's profile which build file is meant and what its connection may use, and put the environment back afterwards."""
    limits = settings(BUILD_SHARE, path.parent)
    told = {BUILD_FILE_VARIABLE: str(path), **{f"CLIENTELE_BUILD_{name.upper()}": value for name, value in limits.items()}}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _files(source: Path) -> Iterator[Path]:
    """The project's files in a fixed order, without what dbt itself writes."""
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in _NOT_READ_BY_PARSING and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _parse(variables: Mapping[str, object], source: Path, into: Path) -> None:
    from pipelines.transform.runner import invoke

    # Parsing opens no database; the name only has to be that of every build file, since relations carry the database's name.
    with build_file_named(into / "build.duckdb"):
        outcome = invoke(["parse"], source=source, artefacts=into, variables=variables)
    if not outcome.success:
        reason = " ".join(str(outcome.exception).split())
        message = f"{source}: dbt cannot parse the project ({reason}); mend the file that it names and run again."
        raise ClienteleError(message) from outcome.exception


def _keep(unfinished: Path, folder: Path) -> None:
    """Move the result to its place in one step; when another process was faster its equal result stays."""
    finished = unfinished / "finished"
    finished.mkdir()
    for name in (_MANIFEST, _PARSED_STATE):
        (unfinished / name).rename(finished / name)
    try:
        finished.rename(folder)
    except OSError:
        if not (folder / _MANIFEST).exists():
            raise


def _forget_oldest(kept: Path, current: Path) -> None:
    others = sorted(
        (path for path in kept.iterdir() if path != current and not path.name.startswith(".")), key=lambda path: path.stat().st_mtime
    )
    for path in others[: max(0, len(others) + 1 - _KEPT)]:
        shutil.rmtree(path, ignore_errors=True)
