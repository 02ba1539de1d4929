-- The customer-month with all that is measured, before and after the first bill.
with
    spine as (select * from {{ ref("int_customer_month__spine") }}),
    billed as (select * from {{ ref("int_customer_month__billed") }}),
    owed as (select * from {{ ref("int_customer_month__owed") }}),
    served as (select * from {{ ref("int_customer_month__served") }}),
    held as (select * from {{ ref("int_customer_month__held") }})
select
    spine.customer_key,
    spine.month,
    spine.as_of,
    spine.is_listed,
    spine.registered_date,
    spine.first_bill_date,
    spine.first_bill_month,
    coalesce(billed.billed_amount, 0) as billed_amount,
    coalesce(billed.credited_amount, 0) as credited_amount,
    coalesce(billed.net_amount, 0) as net_amount,
    billed.cost_amount,
    coalesce(billed.invoice_count, 0) as invoice_count,
    coalesce(billed.bill_date_count, 0) as bill_date_count,
    billed.longest_gap_days,
    min(billed.first_issued_date) over to_date as first_issued_date,
    max(billed.last_issued_date) over to_date as last_issued_date,
    cast(sum(owed.open_change) over to_date as decimal(18, 4)) as open_amount,
    -- Money paid ahead makes the sum negative: then nothing is overdue. No change at all so far means that nothing is known.
    cast(
        case when sum(owed.overdue_change) over to_date < 0 then 0 else sum(owed.overdue_change) over to_date end as decimal(18, 4)
    ) as overdue_amount,
    coalesce(served.paid_amount, 0) as paid_amount,
    coalesce(served.payment_count, 0) as payment_count,
    max(served.last_payment_date) over to_date as last_payment_date,
    coalesce(served.contact_count, 0) as contact_count,
    coalesce(served.complaint_count, 0) as complaint_count,
    coalesce(served.open_complaint_count, 0) as open_complaint_count,
    served.oldest_open_complaint_date,
    cast(coalesce(sum(held.product_change) over to_date, 0) as integer) as product_count_window,
    cast(coalesce(sum(held.account_change) over to_date, 0) as integer) as account_count
from spine
left join billed using (customer_key, month)
left join owed using (customer_key, month)
left join served using (customer_key, month)
left join held using (customer_key, month)
window to_date as (partition by spine.customer_key order by spine.month rows between unbounded preceding and current row)
