{#- A non-negative 63-bit key from SQL expressions, the same in every build. Nulls count as a value of their own. -#}
{% macro surrogate_key(expressions) -%} {{ return(adapter.dispatch("surrogate_key", "clientele")(expressions)) }} {%- endmacro %}

{% macro key_text(expressions) -%}
    {%- for expression in expressions -%}
        coalesce(cast({{ expression }} as {{ dbt.type_string() }}), '∅') {%- if not loop.last %} || '|' || {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro default__surrogate_key(expressions) -%}
    cast(conv(substr(md5({{ key_text(expressions) }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{% macro duckdb__surrogate_key(expressions) -%} cast(md5_number_lower({{ key_text(expressions) }}) >> 1 as bigint) {%- endmacro %}
