with payments as (select * from {{ ref("int_payment__attributed") }}), history as (select * from {{ ref("dim_customer_history") }})
select
    payments.payment_key,
    {{ natural_id("payment", "payments.payment_id") }} as payment_id,
    payments.source_system,
    payments.source_name,
    payments.customer_key,
    history.customer_version_key,
    payments.account_key,
    payments.invoice_key,
    payments.paid_at,
    payments.paid_date,
    payments.paid_month,
    case when payments.currency = {{ policy("reporting.currency") }} then payments.amount_original end as amount,
    payments.amount_original,
    payments.currency,
    payments.kind,
    payments.method,
    -- Deposits and top-ups are money of the customer's, not an answer to a bill.
    payments.kind in ('payment', 'refund', 'write_off') as is_settling,
    payments.returned_at is not null as is_returned,
    {{ business_date("payments.returned_at") }} as returned_date
from payments
left join history on {{ valid_at("history", "payments.customer_key", "payments.paid_at") }}
order by payment_key
