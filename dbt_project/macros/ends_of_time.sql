{#- Where validity begins when nothing dates it: before any event that a contract lets in. -#}
{% macro beginning_of_time() -%} cast('1900-01-01 00:00:00' as timestamp) {%- endmacro %}

{#- Where an open interval ends when it has to be compared. -#}
{% macro end_of_time() -%} cast('9999-12-31 00:00:00' as timestamp) {%- endmacro %}
