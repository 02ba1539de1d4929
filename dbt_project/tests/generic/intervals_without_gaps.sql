{#- Fails with every interval that is empty, overlaps the next one, leaves a gap before it, or ends with nothing after it. -#}
{% test intervals_without_gaps(model, entity) %}
    with
        ordered as (
            select {{ entity }}, valid_from, valid_to, lead(valid_from) over (partition by {{ entity }} order by valid_from) as next_from
            from {{ model }}
        )
    select {{ entity }}, valid_from, valid_to, next_from
    from ordered
    where valid_to is distinct from next_from or valid_to <= valid_from
{% endtest %}
