"""Draw the picture of this example from its published file: `.venv/bin/python examples/online_retail/draw.py WORKSPACE`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import matplotlib as mpl
from matplotlib import pyplot as plt

TIERS = {"A": "#1b4965", "B": "#62b6cb", "C": "#cfe3ea"}
BANDS = {"high": "#b23a48", "medium": "#e8a54b", "low": "#9fc7a5"}
SEGMENTS = "select pareto_tier, count(*) from mart.segmentation_customer where as_of = $as_of group by 1 order by 1"
CURVE = """
select
    row_number() over (order by amount desc, customer_key) / cast(count(*) over () as double) as customers,
    sum(amount) over (order by amount desc, customer_key) / cast(sum(amount) over () as double) as value
from (
    select customer_key, sum(net_amount) as amount
    from core.fct_customer_month
    where customer_key in (select customer_key from mart.segmentation_customer where as_of = $as_of)
        and as_of > $as_of - interval 1 year and as_of <= $as_of
    group by customer_key
)
order by 1
"""
RISK = """
select case when rhythm_ratio >= 4 then 4 else floor(rhythm_ratio * 2) / 2 end as silence, risk_band, count(*)
from mart.churn_risk_customer where as_of = $as_of and not is_abstained group by all order by 1, 2
"""


def main(workspace: Path) -> None:
    """Draw `online_retail.svg` beside this script."""
    reader = duckdb.connect(str(workspace / "published" / "current.duckdb"), read_only=True)
    row = reader.execute("select max(as_of) from mart.segmentation_customer").fetchone()
    as_of = row[0] if row else None
    # Without a fixed salt and date every drawing of the same figures would be another file.
    mpl.rcParams.update({"svg.hashsalt": "clientele", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")

    curve = reader.execute(CURVE, {"as_of": as_of}).fetchall()
    tiers = dict(reader.execute(SEGMENTS, {"as_of": as_of}).fetchall())
    ranked, start = sum(tiers.values()), 0.0
    for tier, count in tiers.items():
        left.axvspan(100 * start, 100 * (start + count / ranked), color=TIERS[tier], alpha=0.35, linewidth=0)
        left.text(100 * (start + count / ranked / 2), 6, f"{tier}\n{count:,}", ha="center")
        start += count / ranked
    left.plot([0, *(100 * x for x, _ in curve)], [0, *(100 * y for _, y in curve)], color="#12263a", linewidth=2)
    left.set(xlabel="customers, largest first (%)", ylabel="share of the year's value (%)", xlim=(0, 100), ylim=(0, 108))
    left.set_title(f"{tiers['A']:,} of {ranked:,} customers bring 80 %", loc="left", fontweight="bold")

    bottoms: dict[float, int] = {}
    for silence, band, count in reader.execute(RISK, {"as_of": as_of}).fetchall():
        right.bar(silence + 0.25, count, width=0.44, bottom=bottoms.get(silence, 0), color=BANDS[band])
        bottoms[silence] = bottoms.get(silence, 0) + count
    right.legend(handles=[plt.Rectangle((0, 0), 1, 1, color=color, label=f"{band} risk") for band, color in BANDS.items()], frameon=False)
    right.set(xlabel="days since the last bill / usual interval (last bar: 4 and more)", ylabel="customers")
    right.set_title("Silence against each customer's own rhythm", loc="left", fontweight="bold")
    figure.suptitle(f"Online Retail as of {as_of:%d %B %Y}", x=0.01, ha="left", fontsize=12)
    figure.savefig(Path(__file__).with_name("online_retail.svg"), metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
