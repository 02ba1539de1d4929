with
    contacts as (select * from {{ ref("int_contact__attributed") }}),
    contact_rows as (select * from {{ ref("stg_contacts__rows") }}),
    history as (select * from {{ ref("dim_customer_history") }}),
    -- A contact mended today says nothing of what was delivered until today.
    watermark as (select max(_known_at) as known_at from contact_rows where not is_replay),
    followed as (
        select
            contacts.*,
            -- Only what the customer begins can be a repeat: a call by the house is no sign that the matter was left open.
            min(case when coalesce(direction, 'inbound') = 'inbound' then occurred_at end) over (
                partition by customer_key order by occurred_at, contact_key rows between 1 following and unbounded following
            ) as next_inbound_at,
            {{ dbt.dateadd("day", policy("service.repeat_contact_days"), "occurred_at") }} as repeat_until
        from contacts
    )
select
    followed.contact_key,
    {{ natural_id("contact", "followed.contact_id") }} as contact_id,
    followed.source_system,
    followed.source_name,
    followed.customer_key,
    history.customer_version_key,
    followed.account_key,
    followed.occurred_at,
    {{ business_date("followed.occurred_at") }} as contact_date,
    {{ business_month("followed.occurred_at") }} as contact_month,
    followed.direction,
    followed.channel,
    {{ channel_key("followed.channel") }} as channel_key,
    followed.reason,
    followed.employee_key,
    followed.campaign_key,
    followed.wait_seconds,
    followed.handle_seconds,
    followed.is_resolved,
    case
        when followed.customer_key = -1
        then null
        when followed.next_inbound_at <= followed.repeat_until
        then true
        when followed.repeat_until <= watermark.known_at
        then false
    end as is_repeat_7_days,
    followed.outcome
from followed
cross join watermark
left join history on {{ valid_at("history", "followed.customer_key", "followed.occurred_at") }}
order by contact_key
