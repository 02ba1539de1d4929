-- Counting from 0 without an engine's own series function: each step pairs all numbers so far, up to 65,535.
{%- set steps = ["two", "four", "eight", "sixteen"] %}
with
    one_digit as (
        select 0 as number
        union all
        select 1 as number
    )
    {%- set reached = namespace(name="one_digit") %}
    {%- for step in steps -%}
        ,
        {{ step }}_digits as (
            select high.number * counted.size + low.number as number
            from {{ reached.name }} as high
            cross join {{ reached.name }} as low
            cross join (select count(*) as size from {{ reached.name }}) as counted
        )
        {%- set reached.name = step ~ "_digits" %}
    {%- endfor %}
select cast(number as integer) as number
from {{ reached.name }}
