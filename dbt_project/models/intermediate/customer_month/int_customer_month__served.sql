-- What a customer paid in a month, and how often the customer met us or complained.
with
    payments as (select * from {{ ref("fct_payment") }}),
    contacts as (select * from {{ ref("fct_contact") }}),
    complaints as (select * from {{ ref("fct_complaint") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    first_closed as (select min(month) as month from closed_months),
    -- Deposits are the customer's own money, and a write-off is nobody's.
    received as (select * from payments where kind in ('payment', 'top_up', 'refund')),
    measures as (
        select customer_key, paid_month as month, 'paid_amount' as measure, amount, 1 as event_count, cast(null as date) as event_date
        from received
        union all
        select customer_key, {{ month_of("returned_date") }}, 'paid_amount', - amount, 1, cast(null as date)
        from received
        where returned_date is not null
        union all
        -- A payment that bounced in its own month was none; one that bounced later still looked like one at the time.
        select customer_key, paid_month, 'payment', cast(null as decimal(18, 4)), 1, paid_date
        from received
        where kind <> 'refund' and ({{ month_of("returned_date") }} > paid_month or returned_date is null)
        union all
        select payments.customer_key, first_closed.month, 'earlier_payment', cast(null as decimal(18, 4)), 1, payments.paid_date
        from received as payments
        inner join first_closed on payments.paid_month < first_closed.month
        where
            payments.kind <> 'refund' and ({{ month_of("payments.returned_date") }} > payments.paid_month or payments.returned_date is null)
        union all
        select customer_key, contact_month, 'contact', cast(null as decimal(18, 4)), 1, cast(null as date)
        from contacts
        union all
        select customer_key, received_month, 'complaint', cast(null as decimal(18, 4)), 1, cast(null as date)
        from complaints
        union all
        -- Once for every month at whose end it stood open.
        select complaints.customer_key, closed_months.month, 'open_complaint', cast(null as decimal(18, 4)), 1, complaints.received_date
        from complaints
        inner join
            closed_months
            on complaints.received_date <= closed_months.as_of
            and (complaints.ended_date is null or complaints.ended_date > closed_months.as_of)
    )
select
    customer_key,
    month,
    cast(coalesce(sum(amount) filter (where measure = 'paid_amount'), 0) as decimal(18, 4)) as paid_amount,
    cast(count_if(measure = 'payment') as integer) as payment_count,
    max(event_date) filter (where measure in ('payment', 'earlier_payment')) as last_payment_date,
    cast(count_if(measure = 'contact') as integer) as contact_count,
    cast(count_if(measure = 'complaint') as integer) as complaint_count,
    cast(count_if(measure = 'open_complaint') as integer) as open_complaint_count,
    min(event_date) filter (where measure = 'open_complaint') as oldest_open_complaint_date
from measures
group by customer_key, month
