"""What is personal stays in the vault; outside it keys stand for people: stable, random, and the same wherever the same person is named."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from tests.intake.world import World

if TYPE_CHECKING:
    from pathlib import Path

CRM = """
    customers:
      columns:
        customer_id: Number
        customer_type: Kind
        name: Name
        national_id: Card
        birth_date: Born
        phone: Phone
        email: Mail
        address: Address
        region: Region
        manager_id: Manager
        parent_customer_id: Parent
        registered_at: Since
"""
CUSTOMERS = """
    Number,Kind,Name,Card,Born,Phone,Mail,Address,Region,Manager,Parent,Since
    cust-70001,person,Wilhelmina Ochsenknecht,11010519491231002X,1949-12-31,13800138000,w@example.org,Lotus Lane 5,,staff-4711,cust-70002,
    cust-70002,organisation,Ochsenknecht & Söhne,91110000600037341L,,01065529988,info@example.org,Lotus Lane 7,,staff-4711,,
    cust-70003,person,Late Applicant,11010519491231003X,31/12/1949,13900139000,late@example.org,Lotus Lane 9,north,,,2020-01-01
"""
PERSONAL = (
    "cust-7000", "Ochsenknecht", "Wilhelmina", "Applicant", "11010519491231", "91110000600037341L", "1949-12-31", "31/12/1949",
    "13800138000", "01065529988", "13900139000", "example.org", "Lotus Lane", "staff-4711",
)  # fmt: skip
CALLS = """
    contacts:
      columns: {contact_id: Call, customer_id: Customer, employee_id: Agent, occurred_at: At, topic_text: Said, channel: Channel}
"""


def crm_world(world: World) -> None:
    world.source("crm", CRM)
    world.deliver("crm/customers.csv", CUSTOMERS)


def test_no_personal_value_leaves_the_vault(world: World) -> None:
    crm_world(world)
    world.source("calls", CALLS, "ids_from: {customer: crm, employee: crm}")
    world.deliver("calls/1.csv", "Call,Customer,Agent,At,Said,Channel\n1,cust-70001,staff-4711,2024-01-02,Lotus Lane floods again,phone\n")
    world.land()
    assert world.values("select count(*) from raw.customers") == [2]
    outside = [
        path
        for path in world.root.rglob("*")
        if path.is_file() and world.workspace.vault not in path.parents and "landing" not in path.parts
    ]
    assert world.workspace.build_file in outside
    for path in outside:
        content = path.read_bytes().lower()
        for value in PERSONAL:
            for code in ("utf-8", "utf-16-le"):
                assert value.lower().encode(code) not in content, f"{value} in {path}"
    tables = world.rows(
        "select database_name, schema_name, table_name, column_name from duckdb_columns() where database_name <> 'vault' and not internal"
    )
    for _, schema, table, column in tables:
        values = " ".join(str(value) for value in world.values(f'select distinct "{column}" from {schema}."{table}"'))
        assert not any(value in values for value in PERSONAL), f"{table}.{column}"


def test_what_the_vault_holds(world: World) -> None:
    crm_world(world)
    world.land()
    assert world.rows(
        """
        select _row_number, name, national_id, cast(birth_date as varchar), phone, email, address, registry.source_id
        from vault.personal.customers
        join vault.registry as registry on customer_key = registry.surrogate and entity = 'customer'
        order by 1
        """
    ) == [
        (1, "Wilhelmina Ochsenknecht", "11010519491231002X", "1949-12-31", "13800138000", "w@example.org", "Lotus Lane 5", "cust-70001"),
        (2, "Ochsenknecht & Söhne", "91110000600037341L", None, "01065529988", "info@example.org", "Lotus Lane 7", "cust-70002"),
    ]
    assert world.rows("select column_name, rule, raw_value from vault.quarantine") == [("birth_date", "type", "31/12/1949")]
    # Each landed row finds its personal half by delivery and row.
    assert world.row(
        """
        select count(*), count(distinct (customer_key, birth_year)) from raw.customers join vault.personal.customers as personal
        using (customer_key, _delivery_key, _row_number)
        """
    ) == (2, 2)
    assert world.values("select birth_year from raw.customers order by _row_number") == [1949, None]
    archived = [path.read_bytes() for path in world.workspace.archive.iterdir()]
    assert archived == [(world.workspace.landing / "crm" / "customers.csv").read_bytes()]


def test_the_vault_is_its_owners_alone(world: World) -> None:
    before = os.umask(0o022)
    try:
        crm_world(world)
        world.land()
    finally:
        os.umask(before)
    assert mode(world.workspace.vault) == 0o700
    for path in world.workspace.vault.rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert list(world.workspace.temp.iterdir()) == [], "nothing that was unpacked stays"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_person_has_one_key_in_every_delivery_and_source(world: World) -> None:
    crm_world(world)
    world.source("calls", CALLS, "ids_from: {customer: crm, employee: crm}")
    world.source("shop", CALLS)
    for source in ("calls", "shop"):
        world.deliver(
            f"{source}/1.csv", "Call,Customer,Agent,At,Said,Channel\n1,cust-70001,staff-4711,2024-01-02,,phone\n2,,,2024-01-02,,web\n"
        )
    world.land()
    world.deliver(
        "calls/2.csv", "Call,Customer,Agent,At,Said,Channel\n3, cust-70001 ,staff-4711,2024-01-03,,phone\n4,cust-9,,2024-01-03,,phone\n"
    )
    world.land()
    assert world.rows(
        """
        select calls.contact_id, calls.source_system, calls.customer_key = crm.customer_key, calls.employee_key = crm.manager_key
        from raw.contacts as calls
        cross join (from raw.customers where _row_number = 1) as crm
        order by calls.source_system, calls.contact_id
        """
    ) == [
        ("1", "calls", True, True),
        ("2", "calls", None, None),
        ("3", "calls", True, True),
        ("4", "calls", False, None),
        ("1", "shop", False, False),
        ("2", "shop", None, None),
    ]
    assert world.row(
        "select count(*), count(distinct surrogate), count(distinct (entity, source_system, source_id)) from vault.registry"
    ) == (6, 6, 6)
    parent, company = world.rows("select parent_customer_key, customer_key from raw.customers order by _row_number")
    assert parent[0] == company[1]


SHOP = """
    invoice_lines:
      columns: {invoice_id: Bill, product_id: Product, amount: Amount}
    invoices:
      fold: {amount: sum, issued_at: min}
      columns: {invoice_id: Bill, customer_id: Customer, issued_at: Day, amount: Amount}
    products:
      fold: {name: latest}
      columns: {product_id: Product, name: Product}
"""
BILLS = "Bill,Customer,Day,Product,Amount\nB1,c1,2024-01-01,pen,1\nB1,c1,2024-01-01,ink,2\nB2,c2,2024-01-02,pen,4\n"
KEYS = """
    select lines.invoice_id, lines.product_id, lines.invoice_key, lines.product_key, lines._record_key, bills._record_key
    from raw.invoice_lines as lines
    join raw.invoices as bills using (invoice_key, _row_number)
    join raw.products as products using (product_key, _row_number)
    order by _row_number
"""


def test_event_keys_agree_over_feeds_and_tell_ids_apart(world: World) -> None:
    world.source("shop", SHOP)
    world.deliver("shop/1.csv", BILLS)
    world.land()
    rows = world.rows(KEYS)
    assert [row[:2] for row in rows] == [("B1", "pen"), ("B1", "ink"), ("B2", "pen")]
    assert (
        len({row[2] for row in rows})
        == len({row[3] for row in rows})
        == len({row[4] for row in rows})
        == len({row[5] for row in rows})
        == 2
    )
    assert {row[2] for row in rows}.isdisjoint({row[4] for row in rows}), "an invoice's key is not the key of its record"
    assert all(0 <= key < 2**63 for row in rows for key in row[2:])


def test_the_same_secret_gives_the_same_event_keys_elsewhere(world: World, tmp_path: Path) -> None:
    world.source("shop", SHOP)
    world.deliver("shop/1.csv", BILLS)
    world.land()
    same, other = World(tmp_path / "same"), World(tmp_path / "other")
    same.workspace.prepare()
    same.workspace.key_file.write_bytes(world.workspace.key_file.read_bytes())
    for copy in (same, other):
        copy.source("shop", SHOP)
        copy.deliver("shop/1.csv", BILLS)
        copy.land()
    assert same.rows(KEYS) == world.rows(KEYS)
    assert not {row[2] for row in other.rows(KEYS)} & {row[2] for row in world.rows(KEYS)}
    # People's keys are random all the same: they say nothing even to who has the secret.
    people = "select customer_key from raw.invoices"
    assert not set(same.values(people)) & set(world.values(people))


def test_a_file_without_a_header_line_does_not_put_its_people_into_the_ledger(world: World) -> None:
    world.source("crm", CRM)
    rows = CUSTOMERS.strip().splitlines()[1:]
    world.deliver("crm/customers.csv", "\n".join(row.strip() for row in rows) + "\n")
    try:
        world.land()
        message = ""
    except Exception as fault:  # noqa: BLE001 - whatever it is, it must not tell
        message = str(fault)
    assert "the column 'Number', read by customers.customer_id, is missing" in message
    for text in (message, *world.values("select reason from raw.delivery")):
        assert text
        assert not any(value in text for value in PERSONAL)
