{#- The age band of the policy for a year of birth on a date; null when either is null. -#}
{% macro age_band(birth_year, date) -%}
    case
        {%- for band in policy_value("age.bands") | sort(attribute="from_age", reverse=true) %}
            when year({{ date }}) - {{ birth_year }} >= {{ band.from_age }} then '{{ band.band }}'
        {%- endfor %}
    end
{%- endmacro %}
