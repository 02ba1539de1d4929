-- The one place that says which customer a source's customer number stands for. Until records are matched across sources,
-- each number is a customer of its own; whoever is named anywhere is a customer, with or without a record.
with
    customers as (select * from {{ ref("stg_customers") }}),
    accounts as (select * from {{ ref("stg_accounts") }}),
    invoices as (select * from {{ ref("stg_invoices") }}),
    payments as (select * from {{ ref("stg_payments") }}),
    contacts as (select * from {{ ref("stg_contacts") }}),
    complaints as (select * from {{ ref("stg_complaints") }}),
    named as (
        select customer_key as source_customer_key
        from customers
        union
        select parent_customer_key
        from customers
        union
        select customer_key
        from accounts
        union
        select customer_key
        from invoices
        union
        select customer_key
        from payments
        union
        select customer_key
        from contacts
        union
        select customer_key
        from complaints
    )
select source_customer_key, source_customer_key as customer_key
from named
where source_customer_key is not null
