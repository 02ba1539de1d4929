-- Every account that is named anywhere, with or without a record of its own.
with
    accounts as (select * from {{ ref("stg_accounts") }}),
    invoices as (select * from {{ ref("stg_invoices") }}),
    payments as (select * from {{ ref("stg_payments") }}),
    contacts as (select * from {{ ref("stg_contacts") }}),
    complaints as (select * from {{ ref("stg_complaints") }}),
    customers as (select * from {{ ref("int_customer__resolved") }}),
    facts as (
        select account_key, issued_at as happened_at
        from invoices
        union all
        select account_key, paid_at as happened_at
        from payments
        union all
        select account_key, occurred_at as happened_at
        from contacts
        union all
        select account_key, opened_at as happened_at
        from complaints
    ),
    first_facts as (select account_key, min(happened_at) as first_fact_at from facts where account_key is not null group by account_key)
select
    account_key,
    coalesce(customers.customer_key, -1) as customer_key,
    coalesce(accounts.organisation_unit_key, -1) as organisation_unit_key,
    accounts.opened_at,
    least(accounts.closed_at, accounts._ended_at) as closed_at,
    accounts.close_reason,
    accounts.billing_day,
    accounts.currency,
    accounts.credit_limit,
    accounts.payment_terms_days,
    accounts.is_prepaid,
    first_facts.first_fact_at,
    accounts.account_key is not null as has_record
from accounts
full join first_facts using (account_key)
left join customers on accounts.customer_key = customers.source_customer_key
