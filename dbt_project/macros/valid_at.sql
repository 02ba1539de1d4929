{#- The join condition for the one version of a customer that was valid at a moment. Plain comparisons, so that no engine falls back to
    comparing every fact with every version. -#}
{% macro valid_at(history, customer_key, moment) -%}
    {{ customer_key }} = {{ history }}.customer_key
    and {{ moment }} >= {{ history }}.valid_from
    and {{ moment }} < coalesce({{ history }}.valid_to, {{ end_of_time() }})
{%- endmacro %}
