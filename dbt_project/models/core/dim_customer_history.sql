with
    versions as (select * from {{ ref("int_customer__versions") }}),
    first_facts as (select * from {{ ref("int_customer__first_fact") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    last_closed as (select max(as_of) as as_of from closed_months),
    members as (
        select
            customer_key,
            valid_from,
            valid_to,
            customer_type,
            birth_year,
            region,
            industry_or_occupation,
            organisation_unit_key,
            manager_key,
            parent_customer_key,
            registered_date,
            closed_date
        from versions
        union all
        select
            -1,
            {{ beginning_of_time() }},
            cast(null as timestamp),
            'unknown',
            cast(null as smallint),
            cast(null as {{ dbt.type_string() }}),
            cast(null as {{ dbt.type_string() }}),
            -1,
            -1,
            cast(null as bigint),
            cast(null as date),
            cast(null as date)
    )
select
    members.customer_key,
    {{ surrogate_key(["members.customer_key", "members.valid_from"]) }} as customer_version_key,
    members.valid_from,
    members.valid_to,
    members.valid_to is null as is_current,
    members.customer_type,
    {{ age_band("members.birth_year", "last_closed.as_of") }} as age_band,
    members.region,
    members.industry_or_occupation,
    members.organisation_unit_key,
    members.manager_key,
    members.parent_customer_key,
    members.registered_date,
    cast(null as boolean) as has_marketing_consent,
    first_facts.first_bill_month,
    members.closed_date is not null as is_closed,
    members.closed_date
from members
cross join last_closed
left join first_facts using (customer_key)
order by customer_key, valid_from
