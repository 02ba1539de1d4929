{#- A model's schema is the one its folder names, without dbt's usual prefix: readers know `core` and `mart`, not a target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
