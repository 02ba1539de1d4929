"""How the group is made up, and who works at operations. How good the employees are is in `population.staff`, and in no record."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Business
from pipelines.sample.chance import Integers, stream
from pipelines.sample.population.staff import BRANCHES_PER_REGION, FIRST_AGENT, FIRST_COLLECTOR, MANAGER_OF_REGION, Staff
from pipelines.sample.records.reference_calendar import year_starts
from pipelines.sample.story.life import POOR_SERVICE, WRONG_BILL

GROUP_CODE, OPERATIONS_CODE, HARBOUR_CODE, LEASING_CODE = "G", "OP", "HB", "LS"
REGIONS: Final = ("North", "East", "South", "West", "Central")
BRANCH_CODES: Final = tuple(f"{OPERATIONS_CODE}-{region[0]}{branch + 1}" for region in REGIONS for branch in range(BRANCHES_PER_REGION))
_REGIONS_ZH: Final = ("北区", "东区", "南区", "西区", "中区")
_SUBSIDIARIES: Final = ((OPERATIONS_CODE, "云泽运营", "CNY"), (HARBOUR_CODE, "Harbour Trading", "HKD"), (LEASING_CODE, "云泽租赁", "CNY"))
_SURNAMES: Final = "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 郑 梁 谢 宋 唐 许 韩 冯 邓 曹".split()
_GIVEN_NAMES: Final = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 "
    "志远 雅琴 家豪 思敏 文涛 晓梅 建平 若兰 一鸣 安琪 子墨 书瑶 国栋 春燕 立新 雪莹"
).split()
_EMPLOYEES_PART: Final = 1
_LEAVERS: Final = 12  # one in so many
_HIRE_EVERY: Final = 3  # months


def department_codes(business: Business) -> dict[str, str]:
    """The code of each department's unit by the department's name."""
    return {name: f"{OPERATIONS_CODE}-D{place + 1}" for place, name in enumerate(dict.fromkeys(business.industry.departments))}


def make_organisation_units(business: Business) -> pl.DataFrame:
    """The group, its subsidiaries, the branches and departments of operations; delivered whole once a calendar year.

    Returns:
        organisation_unit, name, parent_unit, kind, region, currency, delivered. Parents come before their parts.
    """
    branch_names = [f"{region}{'一二'[branch]}营业部" for region in _REGIONS_ZH for branch in range(BRANCHES_PER_REGION)]
    rows: list[tuple[str, str, str | None, str, str | None, str]] = [(GROUP_CODE, "云泽集团", None, "group", None, "CNY")]
    rows += [(code, name, GROUP_CODE, "subsidiary", None, currency) for code, name, currency in _SUBSIDIARIES]
    rows += [
        (code, name, OPERATIONS_CODE, "branch", REGIONS[place // BRANCHES_PER_REGION], "CNY")
        for place, (code, name) in enumerate(zip(BRANCH_CODES, branch_names, strict=True))
    ]
    rows += [(code, name, OPERATIONS_CODE, "department", None, "CNY") for name, code in department_codes(business).items()]
    columns = dict.fromkeys(("organisation_unit", "name", "parent_unit", "kind", "region", "currency"), pl.String)
    units = pl.DataFrame(rows, schema=columns, orient="row")
    deliveries = [month for _, month in year_starts(business.timeline)]
    return pl.concat([units.with_columns(delivered=pl.lit(month, pl.Int64)) for month in deliveries])


def make_employees(business: Business) -> pl.DataFrame:
    """Account managers, agents and collectors of operations.

    Those whom `Staff` numbers are there from before the sample begins until its end, so that whatever names one finds somebody at work.
    Beside them some leave and are replaced, and one more agent is hired every third month; these serve no customer of the records.

    Returns:
        employee_id, name, role, organisation_unit, started_at, ended_at, delivered. The register as it stood in month 0, then each
        arrival and each departure (the row again, with `ended_at`) in the month in which it happened.
    """
    rng, timeline, staff = stream(business.seed, "reference", _EMPLOYEES_PART), business.timeline, business.staff
    stays, leaves, follows = _numbers(staff, timeline.count > 1)
    hired_in = np.arange(_HIRE_EVERY - 1, timeline.count, _HIRE_EVERY, dtype=np.int64)
    hired = FIRST_AGENT + staff.agents + 2 * _pairs(staff.agents) + np.arange(len(hired_in), dtype=np.int64)
    month_left = rng.integers(1, max(timeline.count, 2), len(leaves))
    left = timeline.at(month_left, rng.integers(1, 29, len(leaves)), np.full(len(leaves), 18 * 3_600))
    replaced = left + ((rng.integers(3, 26, len(leaves)) * 24 + 15) * 3_600).astype("timedelta64[s]")
    old = len(stays) + len(leaves)
    before = timeline.at(np.zeros(old, dtype=np.int64), 1 - rng.integers(60, 3_600, old), np.full(old, 9 * 3_600))
    at_nine = timeline.at(hired_in, np.ones(len(hired_in), dtype=np.int64), np.full(len(hired_in), 9 * 3_600))
    number = np.concatenate([stays, leaves, follows, hired])
    started = np.concatenate([before, replaced, at_nine])
    register = pl.DataFrame(
        {
            "employee_id": number,
            "name": pl.Series(_SURNAMES).gather(rng.integers(0, len(_SURNAMES), len(number)))
            + pl.Series(_GIVEN_NAMES).gather(rng.integers(0, len(_GIVEN_NAMES), len(number))),
            "role": pl.Series(["account_manager", "agent", "collector"]).gather(_role(number)),
            "organisation_unit": _unit(business, number),
            "started_at": started,
            "ended_at": np.full(len(number), np.datetime64("NaT", "ms")),
            "delivered": np.maximum(timeline.index_of(started), 0),
        },
        schema_overrides={"started_at": pl.Datetime("ms"), "ended_at": pl.Datetime("ms")},
    )
    gone = register[len(stays) : old].with_columns(ended_at=pl.Series(left, dtype=pl.Datetime("ms")), delivered=pl.Series(month_left))
    everything = pl.concat([register, gone]).filter(pl.col("delivered") < timeline.count)
    return everything.sort("delivered", "employee_id", maintain_order=True)


def _pairs(count: int) -> int:
    """How many of so many colleagues leave and are replaced."""
    return max(count // _LEAVERS, 1)


def _numbers(staff: Staff, is_long: bool) -> tuple[Integers, Integers, Integers]:
    """Numbers of those who stay, of those who leave, and of their successors; nobody leaves in a sample of one month."""
    region, desk = np.divmod(np.arange(len(REGIONS) * staff.managers_per_region, dtype=np.int64), staff.managers_per_region)
    agents, collectors = np.arange(staff.agents, dtype=np.int64), np.arange(staff.collectors, dtype=np.int64)
    stays = np.concatenate([staff.number_of(region, desk), FIRST_AGENT + agents, FIRST_COLLECTOR + collectors])
    if not is_long:
        return stays, stays[:0], stays[:0]
    pair = np.arange(_pairs(len(region)), dtype=np.int64)
    free = np.concatenate(
        [
            staff.number_of(pair % len(REGIONS), staff.managers_per_region + 2 * (pair // len(REGIONS))),
            FIRST_AGENT + staff.agents + 2 * np.arange(_pairs(staff.agents), dtype=np.int64),
            FIRST_COLLECTOR + staff.collectors + 2 * np.arange(_pairs(staff.collectors), dtype=np.int64),
        ]
    )
    return stays, free, free + 1


def _role(number: Integers) -> Integers:
    """0 for account managers, 1 for agents, 2 for collectors."""
    return np.asarray((number >= FIRST_AGENT).astype(np.int64) + (number >= FIRST_COLLECTOR))


def _unit(business: Business, number: Integers) -> pl.Series:
    """Managers sit in a branch of their region, agents where service is answered for, collectors where bills are."""
    codes, departments = department_codes(business), business.industry.departments
    units = pl.Series([*BRANCH_CODES, codes[departments[POOR_SERVICE]], codes[departments[WRONG_BILL]]])
    place = number - 1
    branch = (place // MANAGER_OF_REGION) * BRANCHES_PER_REGION + place % MANAGER_OF_REGION % BRANCHES_PER_REGION
    role = _role(number)
    return units.gather(np.where(role == 0, branch, len(BRANCH_CODES) - 1 + role))
