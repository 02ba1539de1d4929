with
    contacts as (select * from {{ ref("int_contact__attributed") }}),
    channels as (select distinct channel from contacts where channel is not null),
    members as (
        select
            {{ channel_key("channel") }} as channel_key, channel, channel in ({{ policy_texts("service.digital_channels") }}) as is_digital
        from channels
        union all
        select -1, 'unknown', cast(null as boolean)
    )
select channel_key, channel, is_digital
from members
order by channel_key
