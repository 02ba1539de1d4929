"""What the personnel system delivers: each month everyone who works or has worked at operations, and all units of the group."""

from typing import Final

import polars as pl

from pipelines.sample.deliveries import Feed, Form, Spoiling
from pipelines.sample.systems.full_lists import monthly_list
from pipelines.sample.systems.notation import label, moment
from pipelines.sample.systems.numbers import employee_number
from pipelines.sample.timeline import Timeline

ROLES: Final = {"account_manager": "AM", "agent": "CS", "collector": "COL"}
UNIT_KINDS: Final = {"group": "L0", "subsidiary": "L1", "branch": "L2", "department": "DEPT", "outlet": "L3"}
_TIME: Final = "%d.%m.%Y %H:%M:%S"
_FORM: Final = Form(kind="csv", delimiter=";", encoding="utf-8")
_DAY: Final = 2

EMPLOYEES: Final = Feed(source="hr_employees", path="hr/staff_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling(), is_full=True)
ORGANISATION_UNITS: Final = Feed(
    source="hr_organisation_units", path="hr/units_{day}.csv", day=_DAY, form=_FORM, spoiling=Spoiling(), is_full=True
)


def tell_employees(frame: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The staff list of each month as text. Who has left stays on it with the day."""
    return monthly_list(frame, "employee_id", timeline).select(
        "delivered",
        employee_number(pl.col("employee_id")).alias("staff_no"),
        pl.col("name").alias("full_name"),
        label("role", ROLES).alias("job"),
        pl.col("organisation_unit").alias("unit"),
        moment("started_at", _TIME).alias("joined"),
        moment("ended_at", _TIME).alias("gone"),
    )


def tell_organisation_units(frame: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """The units of the group, each month, as text."""
    return monthly_list(frame, "organisation_unit", timeline).select(
        "delivered",
        pl.col("organisation_unit").alias("unit"),
        pl.col("name").alias("title"),
        pl.col("parent_unit").alias("above"),
        label("kind", UNIT_KINDS).alias("level"),
        pl.col("region").alias("area"),
        pl.col("currency").alias("books_in"),
    )
