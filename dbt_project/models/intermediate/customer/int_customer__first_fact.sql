with
    invoices as (select * from {{ ref("int_invoice__attributed") }}),
    payments as (select * from {{ ref("int_payment__attributed") }}),
    contacts as (select * from {{ ref("int_contact__attributed") }}),
    complaints as (select * from {{ ref("int_complaint__attributed") }}),
    facts as (
        select customer_key, 'invoice' as kind, issued_at as happened_at
        from invoices
        union all
        select customer_key, 'payment' as kind, paid_at as happened_at
        from payments
        union all
        select customer_key, 'contact' as kind, occurred_at as happened_at
        from contacts
        union all
        select customer_key, 'complaint' as kind, received_at as happened_at
        from complaints
    ),
    firsts as (
        select
            customer_key,
            min(happened_at) as first_fact_at,
            min(happened_at) filter (where kind = 'invoice') as first_bill_at,
            min(happened_at) filter (where kind = 'payment') as first_payment_at,
            min(happened_at) filter (where kind = 'contact') as first_contact_at,
            min(happened_at) filter (where kind = 'complaint') as first_complaint_at
        from facts
        group by customer_key
    )
select
    customer_key,
    first_fact_at,
    {{ business_date("first_fact_at") }} as first_fact_date,
    {{ business_date("first_bill_at") }} as first_bill_date,
    {{ business_month("first_bill_at") }} as first_bill_month,
    {{ business_date("first_payment_at") }} as first_payment_date,
    {{ business_date("first_contact_at") }} as first_contact_date,
    {{ business_date("first_complaint_at") }} as first_complaint_date
from firsts
