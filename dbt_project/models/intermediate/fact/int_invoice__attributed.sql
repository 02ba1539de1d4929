-- Whose invoice it is: the customer it names, else the owner of the account it names, else the unknown customer.
with
    invoices as (select * from {{ ref("stg_invoices") }}),
    customers as (select * from {{ ref("int_customer__resolved") }}),
    accounts as (select * from {{ ref("int_account__attributed") }})
select
    invoices.invoice_key,
    invoices.invoice_id,
    invoices.source_system,
    invoices._source_name as source_name,
    coalesce(customers.customer_key, accounts.customer_key, -1) as customer_key,
    coalesce(invoices.account_key, -1) as account_key,
    invoices.issued_at,
    {{ business_date("invoices.issued_at") }} as issued_date,
    {{ business_month("invoices.issued_at") }} as billing_month,
    coalesce(
        invoices.due_at, cast({{ dbt.dateadd("day", "accounts.payment_terms_days", business_date("invoices.issued_at")) }} as date)
    ) as due_date,
    invoices.period_start,
    invoices.period_end,
    invoices.amount as amount_original,
    invoices.tax_amount as tax_amount_original,
    invoices.currency,
    coalesce(invoices.status, 'issued') as status,
    invoices.cancels_invoice_key,
    invoices.cancels_invoice_key is not null or coalesce(invoices.status, 'issued') = 'cancelled' or invoices.amount < 0 as is_cancellation,
    invoices.is_incomplete
from invoices
left join customers on invoices.customer_key = customers.source_customer_key
left join accounts on invoices.account_key = accounts.account_key
