{#- Fails with every combination of the key that more than one row holds, and with every row that lacks a value it must have. -#}
{% test whole_key(model, key, never_null) %}
    select {{ key | join(", ") }}, count(*) as row_count, count_if({{ never_null | join(" is null or ") }} is null) as incomplete_row_count
    from {{ model }}
    group by {{ key | join(", ") }}
    having count(*) > 1 or count_if({{ never_null | join(" is null or ") }} is null) > 0
{% endtest %}
