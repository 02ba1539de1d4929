-- What a customer was like, when: intervals in business time without gaps or overlaps, from the first thing known of the customer on.
-- Delivered versions say what changed; closing is a line of its own, since it often becomes known after it happened.
with
    versions as (select * from {{ ref("stg_customers__versions") }}),
    customers as (select * from {{ ref("int_customer__resolved") }}),
    first_facts as (select * from {{ ref("int_customer__first_fact") }}),
    invoice_rows as (select * from {{ ref("stg_invoices__rows") }}),
    delivered as (
        select
            customers.customer_key,
            versions.customer_type,
            versions.birth_year,
            versions.region,
            case
                versions.customer_type
                when 'organisation'
                then versions.industry
                when 'person'
                then versions.occupation
                else coalesce(versions.industry, versions.occupation)
            end as industry_or_occupation,
            coalesce(versions.organisation_unit_key, -1) as organisation_unit_key,
            coalesce(versions.manager_key, -1) as manager_key,
            parents.customer_key as parent_customer_key,
            versions.registered_at,
            versions.closed_at,
            versions._ended_at,
            coalesce(versions.updated_at, versions.version_known_at) as stated_from,
            row_number() over (
                partition by customers.customer_key order by versions.order_rank, versions._delivery_key, versions._row_number
            ) as version_number
        from versions
        inner join customers on versions.customer_key = customers.source_customer_key
        left join customers as parents on versions.parent_customer_key = parents.source_customer_key
    ),
    -- The newest delivery is right from where it starts, so an older one that arrived late cannot speak after it.
    in_order as (
        select
            delivered.*,
            min(stated_from) over (
                partition by customer_key order by version_number rows between current row and unbounded following
            ) as starts_at
        from delivered
    ),
    spoken as (
        select
            in_order.*,
            row_number() over (partition by customer_key order by version_number) as spoken_number,
            first_value(registered_at) over (partition by customer_key order by version_number desc) as current_registered_at
        from in_order
        qualify row_number() over (partition by customer_key, starts_at order by version_number desc) = 1
    ),
    -- Facts that precede the first version must find one.
    anchored as (
        select
            spoken.*,
            case
                when spoken.spoken_number = 1
                then least(spoken.starts_at, spoken.current_registered_at, first_facts.first_fact_at)
                else spoken.starts_at
            end as anchored_from
        from spoken
        left join first_facts using (customer_key)
    ),
    bounded as (
        select anchored.*, lead(anchored_from) over (partition by customer_key order by spoken_number) as anchored_to from anchored
    ),
    -- Versions in a row that all say `closed` are one closing; what the last of them says of its date holds.
    closing_runs as (
        select
            bounded.*,
            count_if(closed_at is null) over (
                partition by customer_key order by spoken_number rows between unbounded preceding and current row
            ) as openings
        from bounded
    ),
    closings as (
        select customer_key, max_by(closed_at, spoken_number) as closed_from, max(spoken_number) as last_spoken_number
        from closing_runs
        where closed_at is not null
        group by customer_key, openings
    ),
    planned as (
        select closings.customer_key, closings.closed_from, bounded.anchored_to as closed_to
        from closings
        inner join bounded on closings.customer_key = bounded.customer_key and closings.last_spoken_number = bounded.spoken_number
        union all
        select customer_key, _ended_at as closed_from, cast(null as timestamp) as closed_to
        from bounded
        where anchored_to is null and _ended_at is not null
    ),
    -- A closing that lies beyond all that is known is only planned.
    known_until as (
        select max(known_at) as known_at
        from
            (
                select version_known_at as known_at
                from versions
                union all
                select _known_at as known_at
                from invoice_rows
                where not is_replay
            ) as known
    ),
    happened as (
        select planned.customer_key, planned.closed_from, planned.closed_to
        from planned
        inner join known_until on planned.closed_from <= known_until.known_at
        where planned.closed_to is null or planned.closed_from < planned.closed_to
    ),
    breaks as (
        select customer_key, anchored_from as valid_from
        from bounded
        union
        select happened.customer_key, happened.closed_from as valid_from
        from happened
        inner join bounded on happened.customer_key = bounded.customer_key and bounded.spoken_number = 1
        where happened.closed_from > bounded.anchored_from
    ),
    closed as (
        select breaks.customer_key, breaks.valid_from, min(happened.closed_from) as closed_from
        from breaks
        inner join
            happened
            on breaks.customer_key = happened.customer_key
            and breaks.valid_from >= happened.closed_from
            and (happened.closed_to is null or breaks.valid_from < happened.closed_to)
        group by breaks.customer_key, breaks.valid_from
    ),
    states as (
        select
            breaks.customer_key,
            breaks.valid_from,
            bounded.customer_type,
            bounded.birth_year,
            bounded.region,
            bounded.industry_or_occupation,
            bounded.organisation_unit_key,
            bounded.manager_key,
            bounded.parent_customer_key,
            {{ business_date("bounded.registered_at") }} as registered_date,
            {{ business_date("closed.closed_from") }} as closed_date
        from breaks
        inner join
            bounded
            on breaks.customer_key = bounded.customer_key
            and breaks.valid_from >= bounded.anchored_from
            and (bounded.anchored_to is null or breaks.valid_from < bounded.anchored_to)
        left join closed on breaks.customer_key = closed.customer_key and breaks.valid_from = closed.valid_from
        union all
        select
            customers.customer_key,
            -- Someone who is only named as another's parent has nothing to date the beginning by.
            coalesce(first_facts.first_fact_at, {{ beginning_of_time() }}) as valid_from,
            cast(null as {{ dbt.type_string() }}) as customer_type,
            cast(null as smallint) as birth_year,
            cast(null as {{ dbt.type_string() }}) as region,
            cast(null as {{ dbt.type_string() }}) as industry_or_occupation,
            -1 as organisation_unit_key,
            -1 as manager_key,
            cast(null as bigint) as parent_customer_key,
            cast(null as date) as registered_date,
            cast(null as date) as closed_date
        from (select distinct customer_key from customers) as customers
        left join first_facts using (customer_key)
        where not exists (select 1 from delivered where delivered.customer_key = customers.customer_key)
    ),
    compared as (
        select
            states.*,
            {{
                surrogate_key(
                    [
                        "customer_type",
                        "birth_year",
                        "region",
                        "industry_or_occupation",
                        "organisation_unit_key",
                        "manager_key",
                        "parent_customer_key",
                        "registered_date",
                        "closed_date",
                    ]
                )
            }} as state_key
        from states
    ),
    changes as (
        select compared.*
        from compared
        qualify lag(state_key) over (partition by customer_key order by valid_from) is distinct from state_key
    )
select
    customer_key,
    valid_from,
    lead(valid_from) over (partition by customer_key order by valid_from) as valid_to,
    customer_type,
    birth_year,
    region,
    industry_or_occupation,
    cast(organisation_unit_key as bigint) as organisation_unit_key,
    cast(manager_key as bigint) as manager_key,
    parent_customer_key,
    registered_date,
    closed_date
from changes
