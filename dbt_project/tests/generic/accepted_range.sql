{#- Fails with every value below the minimum or above the maximum; a null is neither. -#}
{% test accepted_range(model, column_name, minimum, maximum) %}
    select {{ column_name }} from {{ model }} where {{ column_name }} < {{ minimum }} or {{ column_name }} > {{ maximum }}
{% endtest %}
