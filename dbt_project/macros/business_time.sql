{#- A UTC timestamp without zone as clock time in the reporting zone. -#}
{% macro business_time(timestamp_utc) -%} {{ return(adapter.dispatch("business_time", "clientele")(timestamp_utc)) }} {%- endmacro %}

{% macro default__business_time(timestamp_utc) -%}
    from_utc_timestamp({{ timestamp_utc }}, {{ policy("reporting.time_zone") }})
{%- endmacro %}

{% macro duckdb__business_time(timestamp_utc) -%}
    timezone({{ policy("reporting.time_zone") }}, timezone('UTC', {{ timestamp_utc }}))
{%- endmacro %}

{#- The calendar day in the reporting zone on which a UTC timestamp falls. -#}
{% macro business_date(timestamp_utc) -%} cast({{ business_time(timestamp_utc) }} as date) {%- endmacro %}

{#- The first day of the month in the reporting zone in which a UTC timestamp falls. -#}
{% macro business_month(timestamp_utc) -%} cast(date_trunc('month', {{ business_time(timestamp_utc) }}) as date) {%- endmacro %}
