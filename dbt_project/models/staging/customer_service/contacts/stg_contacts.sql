-- Rendered from pipelines/contracts/records/contacts.yml by `make render`: change the contract, not this file.
-- Contacts as they stand: one row a contact (TMF683 PartyInteraction).
with
    kept as (select * from {{ ref("stg_contacts__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_contacts__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "contacts") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'contacts'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'contacts'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'contacts'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'contacts'),
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
    folds as (
        select
            source_name,
            max(fold) filter (where column_name = 'occurred_at') as occurred_at_fold,
            max(fold) filter (where column_name = 'direction') as direction_fold,
            max(fold) filter (where column_name = 'channel') as channel_fold,
            max(fold) filter (where column_name = 'reason') as reason_fold,
            max(fold) filter (where column_name = 'wait_seconds') as wait_seconds_fold,
            max(fold) filter (where column_name = 'handle_seconds') as handle_seconds_fold,
            max(fold) filter (where column_name = 'outcome') as outcome_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.occurred_at_fold,
            folds.direction_fold,
            folds.channel_fold,
            folds.reason_fold,
            folds.wait_seconds_fold,
            folds.handle_seconds_fold,
            folds.outcome_fold,
            quarantined.record_key is not null as is_incomplete,
            -- Rank and place as one number, greater for the later row: no place in a delivery reaches `longest`.
            folding.order_rank * positions.longest + folding._row_number as place
        from folding
        cross join positions
        left join folds on folding._source_name = folds.source_name
        left join quarantined on folding.order_rank = quarantined.order_rank and folding._record_key = quarantined.record_key
    ),
    -- Every fold that a column allows, since each source declares its own; rows that do not fold never come here. The latest value is the
    -- latest that is there, and not every engine passes over nulls by itself.
    aggregated as (
        select
            _record_key,
            max_by(contact_id, place) filter (where contact_id is not null) as contact_id_latest,
            max_by(contact_key, place) filter (where contact_key is not null) as contact_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max(occurred_at_fold) as occurred_at_fold,
            min(occurred_at) as occurred_at_min,
            max(occurred_at) as occurred_at_max,
            max_by(occurred_at, place) filter (where occurred_at is not null) as occurred_at_latest,
            max(direction_fold) as direction_fold,
            min(direction) as direction_min,
            max(direction) as direction_max,
            max_by(direction, place) filter (where direction is not null) as direction_latest,
            max(channel_fold) as channel_fold,
            min(channel) as channel_min,
            max(channel) as channel_max,
            max_by(channel, place) filter (where channel is not null) as channel_latest,
            max(reason_fold) as reason_fold,
            min(reason) as reason_min,
            max(reason) as reason_max,
            max_by(reason, place) filter (where reason is not null) as reason_latest,
            max_by(employee_key, place) filter (where employee_key is not null) as employee_key_latest,
            max(wait_seconds_fold) as wait_seconds_fold,
            cast(sum(wait_seconds) as bigint) as wait_seconds_sum,
            min(wait_seconds) as wait_seconds_min,
            max(wait_seconds) as wait_seconds_max,
            max_by(wait_seconds, place) filter (where wait_seconds is not null) as wait_seconds_latest,
            max(handle_seconds_fold) as handle_seconds_fold,
            cast(sum(handle_seconds) as bigint) as handle_seconds_sum,
            min(handle_seconds) as handle_seconds_min,
            max(handle_seconds) as handle_seconds_max,
            max_by(handle_seconds, place) filter (where handle_seconds is not null) as handle_seconds_latest,
            max_by(is_resolved, place) filter (where is_resolved is not null) as is_resolved_latest,
            max_by(campaign_id, place) filter (where campaign_id is not null) as campaign_id_latest,
            max_by(campaign_key, place) filter (where campaign_key is not null) as campaign_key_latest,
            max(outcome_fold) as outcome_fold,
            min(outcome) as outcome_min,
            max(outcome) as outcome_max,
            max_by(outcome, place) filter (where outcome is not null) as outcome_latest,
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
            contact_id,
            contact_key,
            customer_key,
            account_key,
            occurred_at,
            direction,
            channel,
            reason,
            employee_key,
            wait_seconds,
            handle_seconds,
            is_resolved,
            campaign_id,
            campaign_key,
            outcome,
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
            contact_id_latest,
            contact_key_latest,
            customer_key_latest,
            account_key_latest,
            case
                when occurred_at_fold = 'min'
                then occurred_at_min
                when occurred_at_fold = 'max'
                then occurred_at_max
                else occurred_at_latest
            end as occurred_at,
            case
                when direction_fold = 'min' then direction_min when direction_fold = 'max' then direction_max else direction_latest
            end as direction,
            case when channel_fold = 'min' then channel_min when channel_fold = 'max' then channel_max else channel_latest end as channel,
            case when reason_fold = 'min' then reason_min when reason_fold = 'max' then reason_max else reason_latest end as reason,
            employee_key_latest,
            case
                when wait_seconds_fold = 'sum'
                then wait_seconds_sum
                when wait_seconds_fold = 'min'
                then wait_seconds_min
                when wait_seconds_fold = 'max'
                then wait_seconds_max
                else wait_seconds_latest
            end as wait_seconds,
            case
                when handle_seconds_fold = 'sum'
                then handle_seconds_sum
                when handle_seconds_fold = 'min'
                then handle_seconds_min
                when handle_seconds_fold = 'max'
                then handle_seconds_max
                else handle_seconds_latest
            end as handle_seconds,
            is_resolved_latest,
            campaign_id_latest,
            campaign_key_latest,
            case when outcome_fold = 'min' then outcome_min when outcome_fold = 'max' then outcome_max else outcome_latest end as outcome,
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
    cast(united.contact_id as string) as contact_id,
    cast(united.contact_key as bigint) as contact_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.account_key as bigint) as account_key,
    cast(united.occurred_at as timestamp) as occurred_at,
    cast(united.direction as string) as direction,
    cast(united.channel as string) as channel,
    cast(united.reason as string) as reason,
    cast(united.employee_key as bigint) as employee_key,
    cast(united.wait_seconds as bigint) as wait_seconds,
    cast(united.handle_seconds as bigint) as handle_seconds,
    cast(united.is_resolved as boolean) as is_resolved,
    cast(united.campaign_id as string) as campaign_id,
    cast(united.campaign_key as bigint) as campaign_key,
    cast(united.outcome as string) as outcome,
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
