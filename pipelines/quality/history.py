"""New deliveries beside those of the same source and record type before them in the order: what is usual, and how far off they are.

Only deliveries that count are history: landed ones, without those that this very run is about to hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.quality.metrics import SECONDS_A_DAY
from pipelines.warehouse.connection import quoted

if TYPE_CHECKING:
    from pipelines.policy import Policy
    from pipelines.warehouse.connection import Connection

Held = frozenset[tuple[int, str]]

_COMPARED = ("rows_in", "columns_unread", "null_share", "amount_mean", "latest_event", "unknown_share")
# These say something of a delivery with few rows as well.
_OF_ANY_SIZE = ("rows_in", "columns_unread", "latest_event")

# `least` and `most` span what is usual: the median of the deliveries before, and the one just before, since a lasting change that a person
# has let pass is usual from then on.
_HISTORY = """
create or replace temp table compared as
with
    series as (select distinct source_name, record_type from new_delivery),
    figures as (
        select
            delivery.source_name, delivery.record_type, delivery.delivery_key, delivery.delivery_order,
            figure.column_name, figure.metric, figure.value,
            case
                when
                    delivery.status = 'landed' and (figure.metric in ({of_any_size}) or delivery.rows_landed >= {minimum_rows})
                    and (delivery.delivery_key, delivery.record_type) not in (select (delivery_key, record_type) from about_to_be_held)
                then figure.value
            end as counted
        from raw.delivery
        semi join series using (source_name, record_type)
        inner join raw.delivery_metric as figure using (delivery_key, record_type)
        where figure.metric in ({compared}) and delivery.mends_delivery_key is null
    ),
    beside as (
        select
            *,
            count(counted) over earlier as earlier,
            median(counted) over earlier as usual,
            last_value(counted ignore nulls) over earlier as previous,
            min(counted) over earlier as lowest,
            max(counted) over earlier as highest
        from figures
        window earlier as (
            partition by source_name, record_type, column_name, metric
            order by delivery_order, delivery_key
            rows between unbounded preceding and 1 preceding
        )
    )
select
    delivery_key, record_type, column_name, metric, value, cast(earlier as double) as earlier, lowest, highest, previous,
    least(usual, previous) as least, greatest(usual, previous) as most
from beside
semi join new_delivery using (delivery_key, record_type)
"""

# How many times more (or, below 1, what part) of the usual a value is; 1 within the span.
_TIMES = "case when {v} < {least} then {v} / nullif({least}, 0) when {v} > {most} then {v} / nullif({most}, 0) else 1 end"

_DELIVERIES = """
select
    new.delivery_key, cast(null as varchar) as column_name,
    cast(delivery.rows_in as double) as rows_in, cast(delivery.rows_landed as double) as rows_landed,
    count.earlier, count.lowest as lowest_rows, count.least as least_rows, greatest(count.most, {minimum_rows}) as most_rows,
    case when delivery.rows_in > 0 then {row_times} end as row_times,
    unread.value as columns_unread, unread.most as most_unread, unread.value - unread.most as unread_rise,
    delivery.rows_quarantined / nullif(delivery.rows_in, 0) as quarantined_share,
    -- A full delivery states every record anew, old and new: its newest event does not say how fresh it is.
    case
        when delivery.mode = 'append' then epoch(delivery.known_at) / {seconds_a_day} - greatest(event.value, event.highest)
    end as event_age_days,
    amount.earlier as amount_earlier, amount.value as amount_mean, amount.least as least_amount, amount.most as most_amount,
    case
        when amount.least > 0 then {amount_times}
        when amount.most < 0 then {negative_times}
    end as amount_times
from new_delivery as new
inner join raw.delivery using (delivery_key, record_type)
left join
    compared as count
    on (new.delivery_key, new.record_type, 'rows_in') = (count.delivery_key, count.record_type, count.metric)
left join
    compared as unread
    on (new.delivery_key, new.record_type, 'columns_unread') = (unread.delivery_key, unread.record_type, unread.metric)
left join
    compared as event
    on (new.delivery_key, new.record_type, 'latest_event') = (event.delivery_key, event.record_type, event.metric)
left join
    compared as amount
    on (new.delivery_key, new.record_type, 'amount_mean') = (amount.delivery_key, amount.record_type, amount.metric)
where new.record_type = ?
order by new.source_name, delivery.delivery_order, new.delivery_key
"""

# Where too little came before, a share is held against none at all.
_COLUMNS = """
select
    new.delivery_key, compared.column_name, cast(delivery.rows_landed as double) as rows_landed, compared.earlier,
    compared.value as share, 1 - compared.most as least_filled_share,
    case when compared.earlier >= {earlier} then compared.most else 0 end as usual_share,
    compared.value - case when compared.earlier >= {earlier} then compared.most else 0 end as share_rise
from new_delivery as new
inner join raw.delivery using (delivery_key, record_type)
inner join compared using (delivery_key, record_type)
where new.record_type = ? and compared.metric = {metric}
order by new.source_name, delivery.delivery_order, new.delivery_key, compared.column_name
"""


def compare(build: Connection, policy: Policy, held: Held) -> None:
    """Put the new deliveries beside their history in the temporary table `compared`.

    Args:
        build: The build connection, with `new_delivery` and their figures.
        policy: For the size below which shares and means say nothing.
        held: Delivery and record type of those that are about to be held.
    """
    build.execute("create or replace temp table about_to_be_held (delivery_key bigint, record_type varchar)")
    if held:
        rows = ", ".join(f"({key}, {quoted(record_type)})" for key, record_type in sorted(held))
        build.execute(f"insert into about_to_be_held values {rows}")
    lists = {"compared": ", ".join(map(quoted, _COMPARED)), "of_any_size": ", ".join(map(quoted, _OF_ANY_SIZE))}
    build.execute(_HISTORY.format(**lists, minimum_rows=policy.integer("quality.minimum_rows")))


def frames(build: Connection, policy: Policy, record_type: str) -> dict[str, Any]:
    """The small frames (pandas) that are judged: of a record type's new deliveries, of their columns, and of the ids in them."""
    minimum = policy.integer("quality.minimum_rows")
    deliveries = _DELIVERIES.format(
        minimum_rows=minimum,
        seconds_a_day=SECONDS_A_DAY,
        row_times=_TIMES.format(v="delivery.rows_in", least="count.least", most=f"greatest(count.most, {minimum})"),
        amount_times=_TIMES.format(v="amount.value", least="amount.least", most="amount.most"),
        negative_times=_TIMES.format(v="-amount.value", least="-amount.most", most="-amount.least"),
    )
    earlier = policy.integer("quality.earlier_deliveries")
    queries = {
        "delivery": deliveries,
        "column": _COLUMNS.format(metric=quoted("null_share"), earlier=earlier),
        "reference": _COLUMNS.format(metric=quoted("unknown_share"), earlier=earlier),
    }
    return {name: build.execute(query, [record_type]).df() for name, query in queries.items()}
