-- The deliveries that count, by record type, oldest first. One that is held, rejected, skipped or refused says nothing, nor does one not
-- yet known; what a
-- person has released is known from then on. A replay of mended rows stands where the delivery stands that it mends.
with
    deliveries as (select * from {{ source("raw", "delivery") }}),
    counting as (
        select *
        from deliveries
        where status = 'landed' and known_at <= {{ known_by() }} and (decided_at is null or decided_at <= {{ known_by() }})
    ),
    ranked as (
        select
            record_type,
            delivery_key,
            source_name,
            mode,
            known_at,
            is_folded,
            is_accumulated,
            is_keyed,
            -- One order over all systems, since a row may name another system than its source; within a system it is the same.
            row_number() over (partition by record_type order by delivery_order, source_name, delivery_key) as order_rank
        from counting
        where mends_delivery_key is null
    ),
    placed as (
        select
            ranked.*,
            -- The earliest, since an older file that comes late does not undo what was known before.
            min(case when mode = 'full' then known_at end) over (
                partition by record_type, source_name order by order_rank rows between 1 following and unbounded following
            ) as next_full_known_at
        from ranked
    )

select
    record_type,
    delivery_key,
    source_name,
    mode,
    known_at,
    is_folded,
    is_accumulated,
    is_keyed,
    cast(order_rank as bigint) as order_rank,
    next_full_known_at,
    false as is_replay
from placed
union all
select
    placed.record_type,
    replays.delivery_key,
    placed.source_name,
    placed.mode,
    replays.known_at,
    placed.is_folded,
    placed.is_accumulated,
    placed.is_keyed,
    cast(placed.order_rank as bigint),
    placed.next_full_known_at,
    true
from placed
inner join counting as replays on placed.delivery_key = replays.mends_delivery_key and placed.record_type = replays.record_type
