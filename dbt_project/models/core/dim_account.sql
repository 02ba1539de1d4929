with
    accounts as (select * from {{ ref("int_account__attributed") }}),
    members as (
        select
            account_key,
            customer_key,
            organisation_unit_key,
            {{ business_date("opened_at") }} as opened_date,
            {{ business_date("closed_at") }} as closed_date,
            {{ business_date("first_fact_at") }} as first_fact_date,
            close_reason,
            billing_day,
            currency,
            credit_limit,
            payment_terms_days,
            is_prepaid
        from accounts
        union all
        select
            -1,
            -1,
            -1,
            cast(null as date),
            cast(null as date),
            cast(null as date),
            cast(null as {{ dbt.type_string() }}),
            cast(null as smallint),
            cast(null as {{ dbt.type_string() }}),
            cast(null as decimal(18, 4)),
            cast(null as integer),
            cast(null as boolean)
    )
select
    account_key,
    customer_key,
    organisation_unit_key,
    opened_date,
    closed_date,
    first_fact_date,
    close_reason,
    billing_day,
    currency,
    case when currency = {{ policy("reporting.currency") }} then credit_limit end as credit_limit_amount,
    credit_limit as credit_limit_amount_original,
    payment_terms_days,
    is_prepaid
from members
order by account_key
