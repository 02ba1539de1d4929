with
    summary as (select * from {{ source("raw", "quarantine_summary") }}),
    deliveries as (select * from {{ source("raw", "delivery") }}),
    -- What a replay takes out of quarantine is entered under it, below zero; here it stands beside what the delivery put in.
    counted as (
        select
            coalesce(deliveries.mends_delivery_key, summary.delivery_key) as delivery_key,
            summary.record_type,
            summary.column_name,
            summary.rule,
            case when deliveries.mends_delivery_key is null then summary.row_count else 0 end as row_count,
            case when deliveries.mends_delivery_key is null then 0 else - summary.row_count end as replayed_count
        from summary
        inner join deliveries on summary.delivery_key = deliveries.delivery_key and summary.record_type = deliveries.record_type
    )
select
    delivery_key,
    record_type,
    column_name,
    rule,
    cast(sum(row_count) as bigint) as row_count,
    cast(sum(replayed_count) as bigint) as replayed_count
from counted
group by delivery_key, record_type, column_name, rule
order by delivery_key, record_type, column_name, rule
