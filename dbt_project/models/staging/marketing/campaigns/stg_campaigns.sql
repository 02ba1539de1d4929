-- Rendered from pipelines/contracts/records/campaigns.yml by `make render`: change the contract, not this file.
-- Campaigns as they stand: one row a campaign.
with
    kept as (select * from {{ ref("stg_campaigns__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_campaigns__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "campaigns") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'campaigns'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'campaigns'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'campaigns'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'campaigns'),
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
            max(fold) filter (where column_name = 'name') as name_fold,
            max(fold) filter (where column_name = 'kind') as kind_fold,
            max(fold) filter (where column_name = 'starts_at') as starts_at_fold,
            max(fold) filter (where column_name = 'ends_at') as ends_at_fold,
            max(fold) filter (where column_name = 'contact_cost') as contact_cost_fold,
            max(fold) filter (where column_name = 'offer_cost') as offer_cost_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.name_fold,
            folds.kind_fold,
            folds.starts_at_fold,
            folds.ends_at_fold,
            folds.contact_cost_fold,
            folds.offer_cost_fold,
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
            max(name_fold) as name_fold,
            min(name) as name_min,
            max(name) as name_max,
            max_by(name, place) filter (where name is not null) as name_latest,
            max(kind_fold) as kind_fold,
            min(kind) as kind_min,
            max(kind) as kind_max,
            max_by(kind, place) filter (where kind is not null) as kind_latest,
            max_by(product_id, place) filter (where product_id is not null) as product_id_latest,
            max_by(product_key, place) filter (where product_key is not null) as product_key_latest,
            max(starts_at_fold) as starts_at_fold,
            min(starts_at) as starts_at_min,
            max(starts_at) as starts_at_max,
            max_by(starts_at, place) filter (where starts_at is not null) as starts_at_latest,
            max(ends_at_fold) as ends_at_fold,
            min(ends_at) as ends_at_min,
            max(ends_at) as ends_at_max,
            max_by(ends_at, place) filter (where ends_at is not null) as ends_at_latest,
            max(contact_cost_fold) as contact_cost_fold,
            cast(sum(contact_cost) as decimal(18, 4)) as contact_cost_sum,
            min(contact_cost) as contact_cost_min,
            max(contact_cost) as contact_cost_max,
            max_by(contact_cost, place) filter (where contact_cost is not null) as contact_cost_latest,
            max(offer_cost_fold) as offer_cost_fold,
            cast(sum(offer_cost) as decimal(18, 4)) as offer_cost_sum,
            min(offer_cost) as offer_cost_min,
            max(offer_cost) as offer_cost_max,
            max_by(offer_cost, place) filter (where offer_cost is not null) as offer_cost_latest,
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
            name,
            kind,
            product_id,
            product_key,
            starts_at,
            ends_at,
            contact_cost,
            offer_cost,
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
            case when name_fold = 'min' then name_min when name_fold = 'max' then name_max else name_latest end as name,
            case when kind_fold = 'min' then kind_min when kind_fold = 'max' then kind_max else kind_latest end as kind,
            product_id_latest,
            product_key_latest,
            case
                when starts_at_fold = 'min' then starts_at_min when starts_at_fold = 'max' then starts_at_max else starts_at_latest
            end as starts_at,
            case when ends_at_fold = 'min' then ends_at_min when ends_at_fold = 'max' then ends_at_max else ends_at_latest end as ends_at,
            case
                when contact_cost_fold = 'sum'
                then contact_cost_sum
                when contact_cost_fold = 'min'
                then contact_cost_min
                when contact_cost_fold = 'max'
                then contact_cost_max
                else contact_cost_latest
            end as contact_cost,
            case
                when offer_cost_fold = 'sum'
                then offer_cost_sum
                when offer_cost_fold = 'min'
                then offer_cost_min
                when offer_cost_fold = 'max'
                then offer_cost_max
                else offer_cost_latest
            end as offer_cost,
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
    cast(united.name as string) as name,
    cast(united.kind as string) as kind,
    cast(united.product_id as string) as product_id,
    cast(united.product_key as bigint) as product_key,
    cast(united.starts_at as timestamp) as starts_at,
    cast(united.ends_at as timestamp) as ends_at,
    cast(united.contact_cost as decimal(18, 4)) as contact_cost,
    cast(united.offer_cost as decimal(18, 4)) as offer_cost,
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
