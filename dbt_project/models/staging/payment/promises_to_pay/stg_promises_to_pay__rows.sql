-- Rendered from pipelines/contracts/records/promises_to_pay.yml by `make render`: change the contract, not this file.
-- The landed rows that make up the current state: of each record, those of the newest delivery that carries it.
{{ config(materialized="view") }}

with
    landed as (select * from {{ source("raw", "promises_to_pay") }}),
    -- The same table twice more: a step that is read twice would be kept in memory with all its columns.
    landed_keys as (select _record_key, _delivery_key from {{ source("raw", "promises_to_pay") }}),
    contents as (select * from {{ source("raw", "promises_to_pay") }}),
    repeated as (select * from {{ source("raw", "repeated_row") }} where record_type = 'promises_to_pay'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'promises_to_pay'),
    -- A row that repeats landed content was not landed again, yet it makes that content current, whatever landed in between.
    repeats as (
        select
            repeated.record_key,
            max_by(repeated.content_hash, deliveries.order_rank) as content_hash,
            max(deliveries.order_rank) as order_rank,
            max_by(deliveries.known_at, deliveries.order_rank) as known_at,
            max_by(deliveries.is_replay, deliveries.order_rank) as is_replay
        from repeated
        inner join deliveries on repeated.delivery_key = deliveries.delivery_key
        group by repeated.record_key
    ),
    carried as (
        select landed_keys._record_key, deliveries.order_rank, deliveries.is_accumulated
        from landed_keys
        inner join deliveries on landed_keys._delivery_key = deliveries.delivery_key
        union all
        select record_key, order_rank, false
        from repeats
    ),
    -- Only what more than one delivery carries can have been replaced: few keys, so that the join below stays small.
    replaced as (
        select
            _record_key,
            max(order_rank) as newest_rank,
            -- The newest delivery that brings the record as a whole; 0 where all of them only add to it.
            max(case when is_accumulated then 0 else order_rank end) as newest_whole_rank
        from carried
        group by _record_key
        having min(order_rank) < max(order_rank)
    ),
    standing as (
        select landed.*, deliveries.order_rank, deliveries.is_folded, deliveries.is_accumulated, deliveries.is_keyed, deliveries.is_replay
        from landed
        inner join deliveries on landed._delivery_key = deliveries.delivery_key
        left join replaced on landed._record_key = replaced._record_key
        where
            replaced._record_key is null
            or deliveries.order_rank = replaced.newest_rank
            or (deliveries.is_accumulated and deliveries.order_rank > replaced.newest_whole_rank)
    ),
    restated as (
        select contents.*, repeats.order_rank, repeats.known_at, repeats.is_replay
        from repeats
        left join replaced on repeats.record_key = replaced._record_key
        inner join contents on repeats.record_key = contents._record_key and repeats.content_hash = contents._content_hash
        left join deliveries on contents._delivery_key = deliveries.delivery_key
        where replaced._record_key is null or repeats.order_rank = replaced.newest_rank
        -- What a held delivery landed is landed once more by the next one: of two rows of one content the one that counts.
        qualify
            row_number() over (
                partition by contents._record_key order by deliveries.order_rank nulls last, contents._delivery_key, contents._row_number
            )
            = 1
    )

select
    promise_id,
    promise_key,
    customer_key,
    invoice_id,
    invoice_key,
    promised_at,
    due_at,
    amount,
    source_system,
    _source_name,
    _record_key,
    _content_hash,
    _delivery_key,
    _row_number,
    _known_at,
    order_rank,
    is_folded,
    is_accumulated,
    is_keyed,
    is_replay
from standing
union all
select
    promise_id,
    promise_key,
    customer_key,
    invoice_id,
    invoice_key,
    promised_at,
    due_at,
    amount,
    source_system,
    _source_name,
    _record_key,
    _content_hash,
    _delivery_key,
    _row_number,
    known_at as _known_at,
    order_rank,
    false as is_folded,
    false as is_accumulated,
    true as is_keyed,
    is_replay
from restated
