-- What was billed to a customer in a month. An opening balance is a debt from before, not a bill: it is owed, but nothing was sold.
with
    invoices as (select * from {{ ref("fct_invoice") }}),
    lines as (select * from {{ ref("fct_invoice_line") }}),
    bills as (select * from invoices where status <> 'opening_balance'),
    invoiced as (
        select
            customer_key,
            billing_month as month,
            sum(amount) filter (where amount_original >= 0) as billed_amount,
            - sum(amount) filter (where amount_original < 0) as credited_amount,
            sum(net_amount) as net_amount,
            count_if(not is_cancellation) as invoice_count
        from bills
        group by customer_key, billing_month
    ),
    bill_dates as (select distinct customer_key, billing_month as month, issued_date from bills where not is_cancellation),
    intervals as (
        select
            customer_key, month, issued_date, lag(issued_date) over (partition by customer_key order by issued_date) as previous_issued_date
        from bill_dates
    ),
    dated as (
        select
            customer_key,
            month,
            min(issued_date) as first_issued_date,
            max(issued_date) as last_issued_date,
            count(*) as bill_date_count,
            max({{ dbt.datediff("previous_issued_date", "issued_date", "day") }}) as longest_gap_days
        from intervals
        group by customer_key, month
    ),
    costs as (
        select lines.customer_key, lines.billing_month as month, sum(lines.cost_amount) as cost_amount
        from lines
        inner join bills using (invoice_key)
        where lines.cost_amount is not null
        group by lines.customer_key, lines.billing_month
    )
select
    invoiced.customer_key,
    invoiced.month,
    cast(invoiced.billed_amount as decimal(18, 4)) as billed_amount,
    cast(invoiced.credited_amount as decimal(18, 4)) as credited_amount,
    cast(invoiced.net_amount as decimal(18, 4)) as net_amount,
    cast(costs.cost_amount as decimal(18, 4)) as cost_amount,
    cast(invoiced.invoice_count as integer) as invoice_count,
    dated.first_issued_date,
    dated.last_issued_date,
    cast(dated.bill_date_count as integer) as bill_date_count,
    cast(dated.longest_gap_days as integer) as longest_gap_days
from invoiced
left join dated using (customer_key, month)
left join costs using (customer_key, month)
