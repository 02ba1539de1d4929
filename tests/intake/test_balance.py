"""Whatever happens to a good file on its way: it is refused in one sentence, or every record of it is accounted for."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import ClienteleError
from tests.intake.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

FEEDS = """
    payments:
      columns: {payment_id: Id, customer_id: Customer, paid_at: Paid, amount: Amount}
    invoice_lines:
      on_exact_duplicate: drop
      where: Kind <> 'memo'
      columns: {invoice_id: Id, product_id: Kind, amount: Amount}
    customers:
      fold: {registered_at: min, region: any_equal}
      columns: {customer_id: Customer, registered_at: Paid, region: Kind}
"""
RECORDS = ("payments", "invoice_lines", "customers")
GOOD = (
    "Id,Customer,Paid,Amount,Kind\n"
    "1,c1,2024-01-01,1.50,card\n"
    '2,c2,2024-01-02 10:00:00+02:00,-20,"by ""wire"", urgent"\n'
    '3,"c1",2024-02-01,3,memo\n'
    "3,c1,2024-02-01,3,memo\n"
    '4,,2024-03-01,4,"two\nlines"\n'
    "5,c3,2024-03-01,5,现金\n"
).encode()

EXAMPLES = 8
PIECES = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b" ",
    b";",
    b"x",
    b"-",
    b"\xe3\x80\x80",
    b"\n\n",
    b'"\n',
    b',"',
    b"\x1f\x8b",
]


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """One thing that goes wrong with a file."""
    kind = draw(st.sampled_from(["insert", "delete", "repeat", "cut", "swap"]))
    place, length = draw(st.floats(0, 1)), draw(st.integers(1, 12))
    piece = draw(st.sampled_from(PIECES))

    def mutate(content: bytes) -> bytes:
        at = int(place * len(content))
        match kind:
            case "insert":
                return content[:at] + piece + content[at:]
            case "delete":
                return content[:at] + content[at + length :]
            case "repeat":
                return content[:at] + content[at : at + length] * 2 + content[at + length :]
            case "cut":
                return content[: max(at, 60)]
            case _:
                return content[:at] + content[at : at + length][::-1] + content[at + length :]

    return mutate


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(st.lists(mutations(), min_size=1, max_size=4), min_size=6, max_size=6))
def test_every_record_is_accounted_for(changes: list[list[Callable[[bytes], bytes]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.source("bank", FEEDS)
        contents = {"good.csv": GOOD}
        world.deliver("bank/good.csv", GOOD)
        for number, steps in enumerate(changes):
            content = GOOD
            for step in steps:
                content = step(content)
            contents[f"{number}.csv"] = content
            world.deliver(f"bank/{number}.csv", content)
        while True:
            try:
                world.land()
                break
            except ClienteleError as fault:
                sentence = str(fault).splitlines()[0]
                path = Path(sentence.split(":", 1)[0])
                assert path.parent == world.workspace.landing / "bank", sentence
                path.unlink()
        check(world, contents)


def check(world: World, contents: dict[str, bytes]) -> None:
    """Every record of every delivery that landed is found once, by counts and by row number, in each record type."""
    balance = """
        select
            split_part(file_name, '/', -1), record_type, status, rows_in, rows_landed, rows_duplicate, rows_excluded, rows_quarantined,
            records, delivery_key
        from raw.delivery
    """
    places = world.rows(
        " union all ".join(f"select '{record}', _delivery_key, _row_number, null from raw.{record}" for record in RECORDS)
        + " union all select distinct record_type, delivery_key, row_number, rule = 'broken_quotes' from vault.quarantine"
    )
    totals = {
        row[:3]: row[3]
        for row in world.rows("select record_type, delivery_key, disposition, sum(row_count) from raw.landing_total group by all")
    }
    for file, record, status, rows_in, landed, duplicate, excluded, quarantined, records, key in world.rows(balance):
        if status != "landed":
            assert (status, rows_in) in (("refused", 0), ("skipped", 0))
            continue
        assert rows_in == landed + duplicate + excluded + quarantined
        assert records <= rows_in
        found = [place[2:] for place in places if place[:2] == (record, key)]
        if b' "' not in contents[file] and not any(is_broken for _, is_broken in found):
            # Where quotes are broken, Python's reader has its own idea of what a record is.
            assert rows_in == delivered(contents[file])
        numbers = [number for number, _ in found]
        assert len(numbers) == len(set(numbers)) == landed + quarantined
        assert set(numbers) <= set(range(1, rows_in + 1))
        counted = {"landed": landed, "duplicate": duplicate, "excluded": excluded, "quarantined": quarantined}
        assert {name: totals.get((record, key, name), 0) for name in counted} == counted


def delivered(content: bytes) -> int:
    """Records below the header, as Python's reader counts them."""
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return sum(1 for row in csv.reader(io.StringIO(text, newline="")) if row) - 1
