-- How many products and accounts a customer holds, as changes from month to month: a product counts from the month of a bill until the
-- window after it has passed or it is billed again, an account from its opening to its closing.
with
    lines as (select * from {{ ref("fct_invoice_line") }}),
    invoices as (select * from {{ ref("fct_invoice") }}),
    accounts as (select * from {{ ref("dim_account") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    first_closed as (select min(month) as month from closed_months),
    bought as (
        select distinct lines.customer_key, lines.product_key, lines.billing_month as month
        from lines
        inner join invoices using (invoice_key)
        where lines.product_key <> -1 and not invoices.is_cancellation
    ),
    spans as (
        select
            customer_key,
            month as from_month,
            least(
                lead(month) over (partition by customer_key, product_key order by month),
                cast({{ dbt.dateadd("month", policy("segmentation.window_months"), "month") }} as date)
            ) as to_month
        from bought
    ),
    changes as (
        select customer_key, from_month as month, 1 as product_change, 0 as account_change
        from spans
        union all
        select customer_key, to_month, -1, 0
        from spans
        union all
        select customer_key, {{ month_of("coalesce(opened_date, first_fact_date)") }}, 0, 1
        from accounts
        where account_key <> -1 and coalesce(opened_date, first_fact_date) is not null
        union all
        select customer_key, {{ month_of("closed_date") }}, 0, -1
        from accounts
        where account_key <> -1 and coalesce(opened_date, first_fact_date) is not null and closed_date is not null
    )
select
    changes.customer_key,
    greatest(changes.month, first_closed.month) as month,
    cast(sum(changes.product_change) as integer) as product_change,
    cast(sum(changes.account_change) as integer) as account_change
from changes
cross join first_closed
group by 1, 2
