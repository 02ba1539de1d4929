{#- Hours on the clock from one timestamp to another, with their fraction; null when either is missing. -#}
{% macro hours_between(from_timestamp, to_timestamp) -%}
    cast({{ dbt.datediff(from_timestamp, to_timestamp, "second") }} as double) / 3600
{%- endmacro %}
