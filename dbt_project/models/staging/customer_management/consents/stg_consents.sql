-- Rendered from pipelines/contracts/records/consents.yml by `make render`: change the contract, not this file.
-- Consents as they stand: one row a consent given or withdrawn (TMF644 PartyPrivacyAgreement).
with
    kept as (select * from {{ ref("stg_consents__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_consents__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "consents") }}),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'consents'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'consents'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'consents'),
    -- Where a record lost a row that no replay known by now has brought back mended: by record and place of the delivery.
    quarantined as (
        select incomplete.record_key, deliveries.order_rank
        from incomplete
        inner join deliveries on incomplete.delivery_key = deliveries.delivery_key
        left join replayed on incomplete.delivery_key = replayed.mended_delivery_key and incomplete.row_number = replayed.row_number
        left join deliveries as replays on replayed.delivery_key = replays.delivery_key
        where replays.delivery_key is null
        group by incomplete.record_key, deliveries.order_rank
    ),
    ordered as (
        select
            folding.*,
            quarantined.record_key is not null as is_incomplete,
            -- Rank and place as one number, greater for the later row: no place in a delivery reaches `longest`.
            folding.order_rank * positions.longest + folding._row_number as place
        from folding
        cross join positions
        left join quarantined on folding.order_rank = quarantined.order_rank and folding._record_key = quarantined.record_key
    ),
    -- Every fold that a column allows, since each source declares its own; rows that do not fold never come here. The latest value is the
    -- latest that is there, and not every engine passes over nulls by itself.
    aggregated as (
        select
            _record_key,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(purpose, place) filter (where purpose is not null) as purpose_latest,
            max_by(channel, place) filter (where channel is not null) as channel_latest,
            max_by(changed_at, place) filter (where changed_at is not null) as changed_at_latest,
            max_by(is_given, place) filter (where is_given is not null) as is_given_latest,
            max(source_system) as source_system,
            max_by(_source_name, place) as _source_name,
            max_by(_delivery_key, place) as _delivery_key,
            max_by(_row_number, place) as _row_number,
            max(_known_at) as _known_at,
            count(*) as row_count,
            max(order_rank) as order_rank,
            bool_or(is_incomplete) as is_incomplete
        from ordered
        group by _record_key
    ),
    united as (
        select
            customer_key,
            purpose,
            channel,
            changed_at,
            is_given,
            source_system,
            _source_name,
            _record_key,
            _delivery_key,
            _row_number,
            _known_at,
            1 as row_count,
            order_rank,
            false as is_folded,
            false as is_incomplete
        from kept
        union all
        select
            customer_key_latest,
            purpose_latest,
            channel_latest,
            changed_at_latest,
            is_given_latest,
            source_system,
            _source_name,
            _record_key,
            _delivery_key,
            _row_number,
            _known_at,
            row_count,
            order_rank,
            true,
            is_incomplete
        from aggregated
    ),
    -- A key whose row was quarantined was there all the same: it has not ended.
    last_quarantined as (select record_key, max(order_rank) as order_rank from quarantined group by record_key)

select
    cast(united.customer_key as bigint) as customer_key,
    cast(united.purpose as string) as purpose,
    cast(united.channel as string) as channel,
    cast(united.changed_at as timestamp) as changed_at,
    cast(united.is_given as boolean) as is_given,
    united.source_system,
    united._source_name,
    united._record_key,
    united._delivery_key,
    united._row_number,
    united._known_at,
    cast(united.row_count as bigint) as _row_count,
    united.order_rank,
    united.is_folded,
    united.is_incomplete,
    -- Missing from the next full delivery of the source that last carried it.
    deliveries.next_full_known_at as _ended_at
from united
left join last_quarantined on united._record_key = last_quarantined.record_key
left join
    deliveries on deliveries.order_rank = greatest(united.order_rank, coalesce(last_quarantined.order_rank, 0)) and not deliveries.is_replay
