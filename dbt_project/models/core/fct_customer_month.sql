with months as (select * from {{ ref("int_customer_month__measured") }})
select
    customer_key,
    month,
    as_of,
    billed_amount,
    net_amount,
    cost_amount,
    -- What carries no cost counts whole; where no cost is known at all there is no margin.
    cast(net_amount - cost_amount as decimal(18, 4)) as margin_amount,
    invoice_count,
    credited_amount,
    paid_amount,
    open_amount,
    overdue_amount,
    contact_count,
    complaint_count,
    open_complaint_count,
    cast(null as integer) as incident_count,
    invoice_count > 0 as is_active,
    cast({{ dbt.datediff(month_of("least(registered_date, first_bill_date)"), "month", "month") }} as integer) as tenure_months,
    cast({{ dbt.datediff(month_of("last_issued_date"), "month", "month") }} as integer) as months_since_last_bill
from months
where month >= first_bill_month
order by customer_key, month
