with
    invoice_rows as (select * from {{ ref("stg_invoices__rows") }}),
    invoices as (select * from {{ ref("stg_invoices") }}),
    numbers as (select * from {{ ref("int_number__series") }}),
    -- A row mended today says nothing of what was delivered until today.
    watermark as (select {{ business_date("max(_known_at)") }} as known_date from invoice_rows where not is_replay),
    first_month as (select {{ business_month("min(issued_at)") }} as month from invoices),
    months as (
        select cast({{ dbt.dateadd("month", "numbers.number", "first_month.month") }} as date) as month
        from first_month
        inner join watermark on first_month.month <= watermark.known_date
        -- Bounded before the dates are made: the series is far longer than any history.
        inner join numbers on numbers.number <= {{ dbt.datediff("first_month.month", "watermark.known_date", "month") }}
    ),
    bounded as (select month, cast({{ dbt.dateadd("month", 1, "month") }} as date) as next_month from months)
select bounded.month, cast({{ dbt.dateadd("day", -1, "bounded.next_month") }} as date) as as_of
from bounded
inner join
    watermark on watermark.known_date >= cast({{ dbt.dateadd("day", policy("calendar.close_after_days"), "bounded.next_month") }} as date)
