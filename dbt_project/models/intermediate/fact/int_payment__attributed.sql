-- Whose payment it is: the customer it names, else the owner of the account it names, else the customer of the invoice it names
-- (a bank's file often carries nothing but the invoice number), else the unknown customer.
with
    payments as (select * from {{ ref("stg_payments") }}),
    customers as (select * from {{ ref("int_customer__resolved") }}),
    accounts as (select * from {{ ref("int_account__attributed") }}),
    invoices as (select * from {{ ref("int_invoice__attributed") }})
select
    payments.payment_key,
    payments.payment_id,
    payments.source_system,
    payments._source_name as source_name,
    -- An account without a known owner says as little as no account.
    coalesce(customers.customer_key, nullif(accounts.customer_key, -1), invoices.customer_key, -1) as customer_key,
    coalesce(payments.account_key, invoices.account_key, -1) as account_key,
    payments.invoice_key,
    payments.paid_at,
    {{ business_date("payments.paid_at") }} as paid_date,
    {{ business_month("payments.paid_at") }} as paid_month,
    payments.amount as amount_original,
    payments.currency,
    coalesce(payments.kind, 'payment') as kind,
    payments.method,
    payments.returned_at
from payments
left join customers on payments.customer_key = customers.source_customer_key
left join accounts on payments.account_key = accounts.account_key
left join invoices on payments.invoice_key = invoices.invoice_key
