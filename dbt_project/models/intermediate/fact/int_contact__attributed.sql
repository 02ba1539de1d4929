-- Whose contact it is: the customer it names, else the owner of the account it names, else the unknown customer.
with
    contacts as (select * from {{ ref("stg_contacts") }}),
    customers as (select * from {{ ref("int_customer__resolved") }}),
    accounts as (select * from {{ ref("int_account__attributed") }})
select
    contacts.contact_key,
    contacts.contact_id,
    contacts.source_system,
    contacts._source_name as source_name,
    coalesce(customers.customer_key, accounts.customer_key, -1) as customer_key,
    coalesce(contacts.account_key, -1) as account_key,
    contacts.occurred_at,
    contacts.direction,
    contacts.channel,
    contacts.reason,
    coalesce(contacts.employee_key, -1) as employee_key,
    contacts.wait_seconds,
    contacts.handle_seconds,
    contacts.is_resolved,
    coalesce(contacts.campaign_key, -1) as campaign_key,
    contacts.outcome
from contacts
left join customers on contacts.customer_key = customers.source_customer_key
left join accounts on contacts.account_key = accounts.account_key
