{#- The value of a policy as delivered in `var('policy')`: a scalar, a list, or a list of mappings. -#}
{% macro policy_value(name) -%}
    {%- set policies = var("policy", {}) -%}
    {%- if name not in policies -%}
        {{
            exceptions.raise_compiler_error(
                "No policy " ~ name ~ " among the variables: add it to pipelines/policy.yml, or pass it with --vars."
            )
        }}
    {%- endif -%}
    {{ return(policies[name]) }}
{%- endmacro %}

{#- A text as an SQL literal. -#}
{% macro text_literal(text) -%} {{ return("'" ~ text | replace("'", "''") ~ "'") }} {%- endmacro %}

{#- A policy as an SQL literal. Lists and tables are read with `policy_value`. -#}
{% macro policy(name) -%}
    {%- set value = policy_value(name) -%}
    {%- if value is string -%} {{ return(text_literal(value)) }}
    {%- elif value is boolean or value is number -%} {{ return(value | string | lower) }}
    {%- endif -%}
    {{ exceptions.raise_compiler_error("Policy " ~ name ~ " is a list or a table: read it with policy_value().") }}
{%- endmacro %}

{#- A policy that is a list of texts, as SQL literals separated by commas. -#}
{% macro policy_texts(name) -%}
    {%- set literals = [] -%}
    {%- for text in policy_value(name) -%} {%- do literals.append(text_literal(text)) -%} {%- endfor -%}
    {{ return(literals | join(", ")) }}
{%- endmacro %}
