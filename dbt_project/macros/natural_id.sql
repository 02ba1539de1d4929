{#- The source number of a record group, or null unless the policy `publish.natural_ids` names the group. -#}
{% macro natural_id(record_group, expression) -%}
    {%- if record_group in policy_value("publish.natural_ids") -%} {{ expression }}
    {%- else -%} cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
