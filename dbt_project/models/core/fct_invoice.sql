with
    invoices as (select * from {{ ref("int_invoice__attributed") }}),
    history as (select * from {{ ref("dim_customer_history") }}),
    payments as (select * from {{ ref("fct_payment") }}),
    paid_systems as (select * from {{ ref("int_source_system__paid") }}),
    converted as (
        select
            invoices.*,
            case when currency = {{ policy("reporting.currency") }} then amount_original end as amount,
            case when currency = {{ policy("reporting.currency") }} then tax_amount_original end as tax_amount
        from invoices
    ),
    settlements as (
        select invoice_key, amount as settled_amount
        from payments
        where invoice_key is not null and is_settling and not is_returned
        union all
        select cancels_invoice_key as invoice_key, - amount as settled_amount
        from converted
        where cancels_invoice_key is not null
    ),
    settled as (select invoice_key, sum(settled_amount) as settled_amount from settlements group by invoice_key)
select
    converted.invoice_key,
    {{ natural_id("invoice", "converted.invoice_id") }} as invoice_id,
    converted.source_system,
    converted.source_name,
    converted.customer_key,
    history.customer_version_key,
    converted.account_key,
    converted.issued_at,
    converted.issued_date,
    converted.billing_month,
    converted.due_date,
    converted.period_start,
    converted.period_end,
    converted.amount,
    cast(converted.amount - coalesce(converted.tax_amount, 0) as decimal(18, 4)) as net_amount,
    converted.tax_amount,
    converted.amount_original,
    converted.currency,
    cast(
        case
            when paid_systems.source_system is null or converted.amount is null
            then null
            when converted.status in ('cancelled', 'written_off') or cancelled.invoice_key is not null
            then 0
            else converted.amount - coalesce(settled.settled_amount, 0)
        end as decimal(18, 4)
    ) as open_amount,
    converted.status,
    converted.is_cancellation,
    converted.cancels_invoice_key,
    converted.is_incomplete
from converted
left join history on {{ valid_at("history", "converted.customer_key", "converted.issued_at") }}
left join paid_systems on converted.source_system = paid_systems.source_system
left join settled on converted.invoice_key = settled.invoice_key
-- A cancellation is counted at the invoice that it cancels.
left join invoices as cancelled on converted.cancels_invoice_key = cancelled.invoice_key
order by invoice_key
