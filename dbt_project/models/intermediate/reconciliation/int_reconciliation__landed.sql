{#- For each record type its own time and the columns that hold its currency and amount; none where it has no such column. -#}
{%- set records = [
    {"name": "invoices", "time": "issued_at", "currency": "currency", "amount": "amount"},
    {"name": "invoice_lines", "time": none, "currency": none, "amount": "amount"},
    {"name": "payments", "time": "paid_at", "currency": "currency", "amount": "amount"},
    {"name": "contacts", "time": "occurred_at", "currency": none, "amount": none},
    {"name": "complaints", "time": "opened_at", "currency": none, "amount": none},
] %}
{%- set no_text = "cast(null as " ~ dbt.type_string() ~ ")" %}
-- What became of every landed row: whether it still counts, the place (source, month, currency) where its record stands, and how many
-- records
-- and what amount the rows of a place make there. A row that does not count stands where it says itself, and makes no record.
with
    deliveries as (select * from {{ source("raw", "delivery") }}),
    folds as (select * from {{ source("raw", "feed_fold") }} where column_name = 'amount'),
    landed_rows as (
        {% for record in records %}
            select
                '{{ record.name }}' as record_type,
                landed._delivery_key,
                landed._row_number,
                landed._record_key,
                landed._source_name as source_name,
                {{ business_month("landed." ~ record.time) if record.time else "cast(null as date)" }} as month,
                {{ "landed." ~ record.currency if record.currency else no_text }} as currency,
                {{ "landed." ~ record.amount if record.amount else "cast(null as decimal(18, 4))" }} as amount,
                {{ "cast(null as bigint)" if record.time else "landed.invoice_key" }} as invoice_key,
                current_rows.order_rank,
                current_rows.order_rank is not null as is_current,
                coalesce(current_rows.is_folded, false) as is_folded
            from {{ source("raw", record.name) }} as landed
            left join
                {{ ref("stg_" ~ record.name ~ "__rows") }} as current_rows
                on landed._delivery_key = current_rows._delivery_key
                and landed._row_number = current_rows._row_number
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    folded_records as (
        {% for record in records %}
            select
                '{{ record.name }}' as record_type,
                _record_key,
                _source_name as source_name,
                {{ business_month(record.time) if record.time else "cast(null as date)" }} as month,
                {{ record.currency if record.currency else no_text }} as currency
            from {{ ref("stg_" ~ record.name) }}
            where is_folded {{ "union all" if not loop.last }}
        {% endfor %}
    ),
    -- A line stands in the month and the currency of its invoice.
    line_invoices as (
        select 'invoice_lines' as record_type, invoice_key, {{ business_month("issued_at") }} as month, currency
        from {{ ref("stg_invoices") }}
    ),
    -- The joins compare keys alone: a condition on one side of an outer join would make the database compare every pair of rows.
    placed as (
        select
            landed_rows.record_type,
            landed_rows._delivery_key as delivery_key,
            landed_rows._row_number,
            landed_rows._record_key,
            landed_rows.order_rank,
            landed_rows.is_folded,
            landed_rows.amount,
            folds.fold,
            case when landed_rows.is_current then 'current' when deliveries.status = 'landed' then 'superseded' else 'held' end as standing,
            coalesce(folded_records.source_name, landed_rows.source_name) as source_name,
            case
                when landed_rows.record_type = 'invoice_lines'
                then line_invoices.month
                when landed_rows.is_folded
                then folded_records.month
                else landed_rows.month
            end as month,
            case
                when landed_rows.record_type = 'invoice_lines'
                then line_invoices.currency
                when landed_rows.is_folded
                then folded_records.currency
                else landed_rows.currency
            end as currency
        from landed_rows
        inner join deliveries on landed_rows._delivery_key = deliveries.delivery_key and landed_rows.record_type = deliveries.record_type
        left join
            line_invoices on landed_rows.record_type = line_invoices.record_type and landed_rows.invoice_key = line_invoices.invoice_key
        left join
            folded_records
            on landed_rows.record_type = folded_records.record_type
            and case when landed_rows.is_folded then landed_rows._record_key end = folded_records._record_key
        left join
            folds
            on landed_rows.record_type = folds.record_type
            and case when landed_rows.is_folded then landed_rows.source_name end = folds.source_name
    ),
    -- Folding is worked out here once more from the rows, so that a slip in staging shows as a difference without a cause.
    folded as (
        select
            placed.*,
            row_number() over (partition by record_type, _record_key order by order_rank desc, _row_number desc) = 1 as is_newest,
            case
                max(fold) over one_record
                when 'sum'
                then sum(amount) over one_record
                when 'min'
                then min(amount) over one_record
                when 'max'
                then max(amount) over one_record
                else amount
            end as record_amount
        from placed
        where is_folded
        window one_record as (partition by record_type, _record_key)
    ),
    counted as (
        select
            record_type,
            delivery_key,
            standing,
            source_name,
            month,
            currency,
            amount,
            case when standing = 'current' then 1 else 0 end as record_count,
            case when standing = 'current' then amount end as record_amount
        from placed
        where not is_folded
        union all
        select
            record_type,
            delivery_key,
            standing,
            source_name,
            month,
            currency,
            amount,
            case when is_newest then 1 else 0 end,
            case when is_newest then record_amount end
        from folded
    )
select
    record_type,
    delivery_key,
    standing,
    source_name,
    month,
    currency,
    count(*) as row_count,
    cast(coalesce(sum(amount), 0) as decimal(18, 4)) as amount,
    sum(record_count) as record_count,
    cast(coalesce(sum(record_amount), 0) as decimal(18, 4)) as record_amount
from counted
group by record_type, delivery_key, standing, source_name, month, currency
