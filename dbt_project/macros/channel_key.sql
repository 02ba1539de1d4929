{#- The key of dim_channel for a channel as delivered; -1 when none is said. -#}
{% macro channel_key(channel) -%}
    case when {{ channel }} is null then -1 else {{ surrogate_key(["'channel'", channel]) }} end
{%- endmacro %}
