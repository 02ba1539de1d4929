with history as (select * from {{ ref("dim_customer_history") }})
select
    customer_key,
    customer_version_key,
    customer_type,
    age_band,
    region,
    industry_or_occupation,
    organisation_unit_key,
    manager_key,
    parent_customer_key,
    registered_date,
    has_marketing_consent,
    first_bill_month,
    is_closed,
    closed_date
from history
where is_current
order by customer_key
