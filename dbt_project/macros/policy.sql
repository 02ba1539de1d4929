{#- The value of a policy as delivered in `var('policy')`: a scalar, a list, or a list of mappings. -#}
{% macro policy_value(name) -%}
    {%- set policies = var('policy', {}) -%}
    {%- if name not in policies -%}
        {{ exceptions.raise_compiler_error("No policy '" ~ name ~ "' in var('policy'): add it to pipelines/policy.yml, or pass the policy with --vars.") }}
    {%- endif -%}
    {{ return(policies[name]) }}
{%- endmacro %}

{#- A policy as an SQL literal: text quoted, numbers and booleans as they are. Lists and tables are read with `policy_value`. -#}
{% macro policy(name) -%}
    {%- set value = policy_value(name) -%}
    {%- if value is boolean -%} {{ 'true' if value else 'false' }}
    {%- elif value is string -%} '{{ value | replace("'", "''") }}'
    {%- elif value is number -%} {{ value }}
    {%- else -%} {{ exceptions.raise_compiler_error("Policy '" ~ name ~ "' is a list or a table: read it with policy_value().") }}
    {%- endif -%}
{%- endmacro %}

{#- A policy that is a list of texts, as SQL literals separated by commas. -#}
{% macro policy_texts(name) -%}
    {%- for text in policy_value(name) -%} '{{ text | replace("'", "''") }}' {%- if not loop.last %}, {% endif -%} {%- endfor -%}
{%- endmacro %}
