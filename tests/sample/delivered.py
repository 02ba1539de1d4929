"""Reads a sample as somebody finds it: by its files and source files, with nothing but the standard library."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.sample import SampleSummary

Row = dict[str, str]
UNREADABLE: Final = ("unreadable_date", "unreadable_amount", "missing_key", "conflicting_key")


@dataclass(frozen=True)
class Sample:
    """The default sample as somebody finds it: files, source files, and the truth beside them."""

    root: Path
    truth: Path
    summary: SampleSummary

    def source(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = yaml.safe_load((self.root / "sources" / f"{name}.yml").read_text(encoding="utf-8"))
        return described

    def files(self, name: str) -> list[Path]:
        """The deliveries of a source in the order of their dates."""
        return sorted(self.root.glob(self.source(name)["location"]))

    def rows(self, name: str) -> list[list[Row]]:
        """The rows of each delivery of a source, in the order of the files; read as the source file says."""
        form = self.source(name)["format"]
        return [_read(path, form["encoding"], form["delimiter"]) for path in self.files(name)]

    def clean(self, name: str) -> list[list[Row]]:
        """The same without the rows that cannot be read, and without the file that came twice and the control rows."""
        spoilt = {(line["path"], int(line["row"])) for line in self.dirt() if line["kind"] in UNREADABLE}
        deliveries = []
        contents: set[bytes] = set()
        for path, rows in zip(self.files(name), self.rows(name), strict=True):
            place = str(path.relative_to(self.root / "landing"))
            kept = [row for number, row in enumerate(rows, start=1) if (place, number) not in spoilt and row.get("Kind") != "total"]
            if path.read_bytes() not in contents:
                deliveries.append(kept)
            contents.add(path.read_bytes())
        return deliveries

    def current(self, name: str, *key: str) -> list[Row]:
        """The newest version of each record of an appending source."""
        newest: dict[tuple[str, ...], Row] = {}
        for delivery in self.clean(name):
            newest.update({tuple(row[part] for part in key): row for row in delivery})
        return list(newest.values())

    def dirt(self) -> list[Row]:
        return _read(self.truth / "dirt.csv", "utf-8", ",")


@cache
def _read(path: Path, encoding: str, delimiter: str) -> list[Row]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def fen(text: str) -> int:
    """An amount with two decimals, after a comma or a full stop, as whole fen."""
    return int(text.replace(",", "").replace(".", ""))
