-- Systems of which payments are delivered, by whichever source: a payment names one of their invoices, or comes from one of the customers
-- whom they bill. Of the others nobody knows what is still open.
with
    invoices as (select * from {{ ref("int_invoice__attributed") }}),
    payments as (select * from {{ ref("int_payment__attributed") }}),
    billed_customers as (select distinct source_system, customer_key from invoices where customer_key <> -1)
select invoices.source_system
from invoices
semi join payments on invoices.invoice_key = payments.invoice_key
union
select billed_customers.source_system
from billed_customers
semi join payments on billed_customers.customer_key = payments.customer_key
