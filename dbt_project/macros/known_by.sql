{#- The moment up to which a build may know, compared with `_known_at`. The default knows everything. -#}
{% macro known_by() -%} cast('{{ var("known_by") }}' as timestamp) {%- endmacro %}
