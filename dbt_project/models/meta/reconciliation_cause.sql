-- Each cause is counted from the ledger or from the landed rows by itself; none is what happens to be left over.
with
    deliveries as (select * from {{ source("raw", "delivery") }}),
    totals as (select * from {{ source("raw", "landing_total") }}),
    landed as (select * from {{ ref("int_reconciliation__landed") }}),
    facts as (select * from {{ ref("int_reconciliation__fact") }}),
    delivered as (
        select
            totals.record_type,
            totals.delivery_key,
            deliveries.source_name,
            totals.month,
            totals.currency,
            totals.disposition,
            totals.row_count,
            coalesce(totals.amount_original, 0) as amount
        from totals
        inner join deliveries on totals.delivery_key = deliveries.delivery_key and totals.record_type = deliveries.record_type
    ),
    -- Where the ledger counted a row and where its record stands may differ: a line without a date of its own, an invoice whose lines fall
    -- into two months, a reporting zone that was changed. That moves rows within a delivery; if any were lost on the way, it is no cause.
    moves as (
        select record_type, delivery_key, source_name, month, currency, row_count, amount
        from delivered
        where disposition = 'landed'
        union all
        select record_type, delivery_key, source_name, month, currency, - row_count, - amount
        from landed
    ),
    complete as (
        select record_type, delivery_key from moves group by record_type, delivery_key having sum(row_count) = 0 and sum(amount) = 0
    ),
    caused as (
        select record_type, source_name, month, currency, disposition as cause, row_count, amount
        from delivered
        where disposition <> 'landed'
        union all
        select moves.record_type, moves.source_name, moves.month, moves.currency, 'month_of_record', moves.row_count, moves.amount
        from moves
        inner join complete using (record_type, delivery_key)
        union all
        select record_type, source_name, month, currency, standing, row_count, amount
        from landed
        where standing <> 'current'
        union all
        select record_type, source_name, month, currency, 'folded', row_count - record_count, amount - record_amount
        from landed
        where standing = 'current'
        union all
        -- A line takes its currency from its invoice: without one it has none, and no rate would help.
        select
            record_type,
            source_name,
            month,
            currency,
            case when currency is null then 'no_invoice' else 'no_exchange_rate' end,
            0,
            record_amount
        from landed
        where standing = 'current' and currency is distinct from {{ policy("reporting.currency") }}
    ),
    measured as (
        select
            facts.fact,
            caused.source_name,
            'rows' as measure,
            caused.month,
            cast(null as {{ dbt.type_string() }}) as currency,
            caused.cause,
            caused.row_count as difference
        from caused
        inner join facts using (record_type)
        union all
        select facts.fact, caused.source_name, 'amount', caused.month, caused.currency, caused.cause, caused.amount
        from caused
        inner join facts using (record_type)
        where facts.has_amount
    )
select fact, source_name, measure, month, currency, cause, cast(sum(difference) as decimal(18, 4)) as difference
from measured
group by fact, source_name, measure, month, currency, cause
having sum(difference) <> 0
order by fact, source_name, measure, month, currency, cause
