with
    deliveries as (select * from {{ source("raw", "delivery") }}),
    totals as (select * from {{ source("raw", "landing_total") }}),
    facts as (select * from {{ ref("int_reconciliation__fact") }}),
    published as (select * from {{ ref("int_reconciliation__published") }}),
    causes as (select * from {{ ref("reconciliation_cause") }}),
    delivered as (
        select
            facts.fact,
            facts.has_amount,
            deliveries.source_name,
            totals.month,
            totals.currency,
            totals.row_count,
            coalesce(totals.amount_original, 0) as amount
        from totals
        inner join deliveries on totals.delivery_key = deliveries.delivery_key and totals.record_type = deliveries.record_type
        inner join facts on totals.record_type = facts.record_type
    ),
    -- One column for each side, so that a place which only one side knows still has a row.
    sides as (
        select
            fact,
            source_name,
            'rows' as measure,
            month,
            cast(null as {{ dbt.type_string() }}) as currency,
            row_count as source_total,
            0 as published_total,
            0 as explained
        from delivered
        union all
        select fact, source_name, 'amount', month, currency, amount, 0, 0
        from delivered
        where has_amount
        union all
        select fact, source_name, 'rows', month, cast(null as {{ dbt.type_string() }}), 0, row_count, 0
        from published
        union all
        select published.fact, published.source_name, 'amount', published.month, published.currency, 0, published.amount, 0
        from published
        inner join facts using (fact)
        where facts.has_amount
        union all
        select fact, source_name, measure, month, currency, 0, 0, difference
        from causes
    ),
    summed as (
        select
            fact,
            source_name,
            measure,
            month,
            currency,
            sum(source_total) as source_total,
            sum(published_total) as published_total,
            sum(explained) as explained
        from sides
        group by fact, source_name, measure, month, currency
    )
select
    fact,
    source_name,
    measure,
    month,
    currency,
    cast(source_total as decimal(18, 4)) as source_total,
    cast(published_total as decimal(18, 4)) as published_total,
    cast(source_total - published_total as decimal(18, 4)) as difference,
    cast(explained as decimal(18, 4)) as explained,
    cast(source_total - published_total - explained as decimal(18, 4)) as unexplained
from summed
order by fact, source_name, measure, month, currency
