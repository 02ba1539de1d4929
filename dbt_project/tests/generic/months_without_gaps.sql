{#- Fails with every row that does not follow on the month before it: each entity has all months from its first to its last. -#}
{% test months_without_gaps(model, entity) %}
    with
        ordered as (
            select {{ entity }}, month, lag(month) over (partition by {{ entity }} order by month) as previous_month from {{ model }}
        )
    select {{ entity }}, previous_month, month
    from ordered
    where previous_month is not null and cast({{ dbt.dateadd("month", 1, "previous_month") }} as date) <> month
{% endtest %}
