{%- set stages = ["acknowledged", "assessed", "investigated", "responded", "decided", "resolved", "closed", "followed_up"] %}
with
    complaints as (select * from {{ ref("int_complaint__attributed") }}),
    invoices as (select * from {{ ref("fct_invoice") }}),
    history as (select * from {{ ref("dim_customer_history") }}),
    staged as (
        select
            complaints.*,
            cast(null as timestamp) as assessed_at,
            cast(null as timestamp) as investigated_at,
            cast(null as timestamp) as decided_at,
            lag(received_at) over (partition by customer_key, category order by received_at, complaint_key) as previous_received_at
        from complaints
    )
select
    staged.complaint_key,
    {{ natural_id("complaint", "staged.complaint_id") }} as complaint_id,
    staged.source_system,
    staged.source_name,
    staged.customer_key,
    history.customer_version_key,
    staged.account_key,
    staged.invoice_key,
    staged.contact_key,
    staged.category,
    staged.severity,
    staged.department,
    staged.received_at,
    {{ business_date("staged.received_at") }} as received_date,
    {{ business_month("staged.received_at") }} as received_month,
    {% for stage in stages %} staged.{{ stage }}_at, {% endfor %}
    {% for stage in stages %} {{ hours_between("staged.received_at", "staged." ~ stage ~ "_at") }} as hours_to_{{ stage }}, {% endfor %}
    {% for stage in stages %} cast(null as double) as business_hours_to_{{ stage }}, {% endfor %}
    cast(null as double) as target_hours,
    cast(null as boolean) as is_within_target,
    coalesce(staged.reopened_count, 0) as reopened_count,
    staged.decision,
    staged.decision in ('upheld', 'partly') as is_upheld,
    case
        when staged.invoice_key is null or invoices.currency = {{ policy("reporting.currency") }} then staged.disputed_amount
    end as disputed_amount,
    staged.compensation as compensation_amount,
    case
        when staged.customer_key = -1
        then null
        else
            coalesce(
                staged.received_at <= {{ dbt.dateadd("day", policy("service.repeat_complaint_days"), "staged.previous_received_at") }},
                false
            )
    end as is_repeat,
    staged.ended_at is null as is_open,
    {{ business_date("staged.ended_at") }} as ended_date
from staged
left join invoices on staged.invoice_key = invoices.invoice_key
left join history on {{ valid_at("history", "staged.customer_key", "staged.received_at") }}
order by complaint_key
