-- Rendered from pipelines/contracts/records/campaign_members.yml by `make render`: change the contract, not this file.
-- Campaign members as they stand: one row a customer in a campaign.
with
    kept as (select * from {{ ref("stg_campaign_members__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_campaign_members__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "campaign_members") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'campaign_members'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'campaign_members'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'campaign_members'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'campaign_members'),
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
            max(fold) filter (where column_name = 'contacted_at') as contacted_at_fold,
            max(fold) filter (where column_name = 'responded_at') as responded_at_fold,
            max(fold) filter (where column_name = 'response') as response_fold,
            max(fold) filter (where column_name = 'revenue') as revenue_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.contacted_at_fold,
            folds.responded_at_fold,
            folds.response_fold,
            folds.revenue_fold,
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
            max_by(campaign_id, place) filter (where campaign_id is not null) as campaign_id_latest,
            max_by(campaign_key, place) filter (where campaign_key is not null) as campaign_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(assigned_at, place) filter (where assigned_at is not null) as assigned_at_latest,
            max_by(is_treated, place) filter (where is_treated is not null) as is_treated_latest,
            max(contacted_at_fold) as contacted_at_fold,
            min(contacted_at) as contacted_at_min,
            max(contacted_at) as contacted_at_max,
            max_by(contacted_at, place) filter (where contacted_at is not null) as contacted_at_latest,
            max(responded_at_fold) as responded_at_fold,
            min(responded_at) as responded_at_min,
            max(responded_at) as responded_at_max,
            max_by(responded_at, place) filter (where responded_at is not null) as responded_at_latest,
            max(response_fold) as response_fold,
            min(response) as response_min,
            max(response) as response_max,
            max_by(response, place) filter (where response is not null) as response_latest,
            max(revenue_fold) as revenue_fold,
            cast(sum(revenue) as decimal(18, 4)) as revenue_sum,
            min(revenue) as revenue_min,
            max(revenue) as revenue_max,
            max_by(revenue, place) filter (where revenue is not null) as revenue_latest,
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
            campaign_id,
            campaign_key,
            customer_key,
            assigned_at,
            is_treated,
            contacted_at,
            responded_at,
            response,
            revenue,
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
            campaign_id_latest,
            campaign_key_latest,
            customer_key_latest,
            assigned_at_latest,
            is_treated_latest,
            case
                when contacted_at_fold = 'min'
                then contacted_at_min
                when contacted_at_fold = 'max'
                then contacted_at_max
                else contacted_at_latest
            end as contacted_at,
            case
                when responded_at_fold = 'min'
                then responded_at_min
                when responded_at_fold = 'max'
                then responded_at_max
                else responded_at_latest
            end as responded_at,
            case
                when response_fold = 'min' then response_min when response_fold = 'max' then response_max else response_latest
            end as response,
            case
                when revenue_fold = 'sum'
                then revenue_sum
                when revenue_fold = 'min'
                then revenue_min
                when revenue_fold = 'max'
                then revenue_max
                else revenue_latest
            end as revenue,
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
    cast(united.campaign_id as string) as campaign_id,
    cast(united.campaign_key as bigint) as campaign_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.assigned_at as timestamp) as assigned_at,
    cast(united.is_treated as boolean) as is_treated,
    cast(united.contacted_at as timestamp) as contacted_at,
    cast(united.responded_at as timestamp) as responded_at,
    cast(united.response as string) as response,
    cast(united.revenue as decimal(18, 4)) as revenue,
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
