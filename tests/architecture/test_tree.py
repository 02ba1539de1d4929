"""Names, lengths, and what must not stand in the repository."""

from __future__ import annotations

import re
from statistics import median
from typing import Final

import pytest

from tests.architecture.repository import modules, repository_files, shown

LONGEST_MODULE: Final = 400
MEDIAN_MODULE: Final = 250
LARGEST_FILE_BYTES: Final = 1 << 20
# A name that says nothing about what is inside collects what belongs elsewhere.
SAYS_NOTHING: Final = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc|tools?|stuff)(_|$)")

# Written so that the patterns do not find themselves.
OF_ONE_MACHINE: Final = re.compile(
    r"(?<![\w.])/(?:roo[t]|hom[e]/\w+|User[s]/\w+|wor[k]/\w+|tm[p]/\w+|op[t]/\w+)(?![\w])|\b[A-Z]:\\User[s]\\|\bpypi\.[o]rg|python[h]osted|npmjs\.[a-z]|deb\.[d]ebian"
)


def test_module_names_say_what_is_inside() -> None:
    found = [shown(path) for path in modules() if SAYS_NOTHING.search(path.stem) or SAYS_NOTHING.search(path.parent.name)]
    assert not found, found


def test_modules_are_short() -> None:
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    too_long = {path: length for path, length in lengths.items() if length > LONGEST_MODULE}
    assert not too_long, f"over {LONGEST_MODULE} lines: {too_long}"
    assert median(lengths.values()) <= MEDIAN_MODULE


def test_nothing_of_one_machine_is_written_down() -> None:
    found = []
    for path in repository_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a delivery in another encoding, or a picture
        found += [
            f"{shown(path)}:{number}: {hit.group()}" for number, line in enumerate(lines, start=1) if (hit := OF_ONE_MACHINE.search(line))
        ]
    assert not found, "paths of one machine, or the address of a package index:\n" + "\n".join(found)


def test_no_large_files() -> None:
    found = [f"{shown(path)}: {path.stat().st_size:,} bytes" for path in repository_files() if path.stat().st_size > LARGEST_FILE_BYTES]
    assert not found, "data is generated or fetched, not committed:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see /" + "root/.cache", True),
        ("'/" + "home/ann/clientele'", True),
        ("cd /" + "tmp/x", True),
        ("files." + "python" + "hosted" + ".example", True),
        ("data/home/x and https://example.org/home/page", False),
        ("$(CURDIR)/.venv, ./work/x", False),
    ],
)
def test_places_of_one_machine_are_told_from_others(text: str, expected: bool) -> None:
    assert bool(OF_ONE_MACHINE.search(text)) is expected
