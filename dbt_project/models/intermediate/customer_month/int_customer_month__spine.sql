-- Every customer in every closed month from the first thing known of the customer on, without gaps, the unknown customer included.
with
    customers as (select * from {{ ref("dim_customer") }}),
    first_facts as (select * from {{ ref("int_customer__first_fact") }}),
    accounts as (select * from {{ ref("dim_account") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    first_accounts as (
        select customer_key, min(coalesce(opened_date, first_fact_date)) as first_account_date from accounts group by customer_key
    ),
    begun as (
        select
            customers.customer_key,
            customers.registered_date,
            first_facts.first_bill_date,
            first_facts.first_bill_month,
            least(customers.registered_date, first_facts.first_fact_date, first_accounts.first_account_date) as begun_date
        from customers
        left join first_facts using (customer_key)
        left join first_accounts using (customer_key)
    )
select
    begun.customer_key,
    closed_months.month,
    closed_months.as_of,
    begun.registered_date,
    begun.first_bill_date,
    begun.first_bill_month,
    -- Who has a row in a customer mart: the known who were registered or first billed by then.
    begun.customer_key <> -1
    and (
        coalesce(begun.registered_date <= closed_months.as_of, false) or coalesce(begun.first_bill_date <= closed_months.as_of, false)
    ) as is_listed
from begun
inner join closed_months on begun.begun_date <= closed_months.as_of
