-- Rendered from << contract >> by `make render`: change the contract, not this file.
-- << record.title >> as they stand: << record.description[0] | lower >><< record.description[1:] >>
with
<% if record.sequence %>
    kept as (select * from {{ ref("stg_<< record.name >>__rows") }} where not is_folded and is_keyed),
    unnumbered as (select * from {{ ref("stg_<< record.name >>__rows") }} where not is_keyed),
<% else %>
    kept as (select * from {{ ref("stg_<< record.name >>__rows") }} where not is_folded),
<% endif %>
    folding as (select * from {{ ref("stg_<< record.name >>__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "<< record.name >>") }}),
<% if choosable %>
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = '<< record.name >>'),
<% endif %>
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = '<< record.name >>'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = '<< record.name >>'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = '<< record.name >>'),
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
<% if choosable | length == 1 %>
<% set fold = "max(fold) filter (where column_name = '" ~ choosable[0].name ~ "') as " ~ choosable[0].name ~ "_fold" %>
<< ("select source_name, " ~ fold ~ " from feed_folds group by source_name") | step("folds") >>
<% elif choosable %>
    folds as (
        select
            source_name,
<% for column in choosable %>
            max(fold) filter (where column_name = '<< column.name >>') as << column.name >>_fold<< "," if not loop.last >>
<% endfor %>
        from feed_folds
        group by source_name
    ),
<% endif %>
    ordered as (
        select
            folding.*,
<% for column in choosable %>
            folds.<< column.name >>_fold,
<% endfor %>
            quarantined.record_key is not null as is_incomplete,
            -- Rank and place as one number, greater for the later row: no place in a delivery reaches `longest`.
            folding.order_rank * positions.longest + folding._row_number as place
        from folding
        cross join positions
<% if choosable %>
        left join folds on folding._source_name = folds.source_name
<% endif %>
        left join quarantined on folding.order_rank = quarantined.order_rank and folding._record_key = quarantined.record_key
    ),
    -- Every fold that a column allows, since each source declares its own; rows that do not fold never come here. The latest value is the
    -- latest that is there, and not every engine passes over nulls by itself.
    aggregated as (
        select
            _record_key,
<% for column in columns %>
<% if column in choosable %>
            max(<< column.name >>_fold) as << column.name >>_fold,
<% if "sum" in column.folds %>
            cast(sum(<< column.name >>) as << column.sql_type >>) as << column.name >>_sum,
<% endif %>
            min(<< column.name >>) as << column.name >>_min,
            max(<< column.name >>) as << column.name >>_max,
<% endif %>
            max_by(<< column.name >>, place) filter (where << column.name >> is not null) as << column.name >>_latest,
<% endfor %>
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
<% if record.sequence %>
    -- Without a delivered number all rows of the newest delivery stay, numbered in the order in which they came.
    numbered as (
        select unnumbered.*, row_number() over (partition by unnumbered._record_key order by unnumbered._row_number) as position
        from unnumbered
    ),
<% endif %>
    united as (
        select
<% for column in columns %>
            << column.name >>,
<% endfor %>
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
<% if record.sequence %>
        select
<% for column in columns %>
            << "position" if column.name == record.sequence.name else column.name >>,
<% endfor %>
            source_system,
            _source_name,
            _record_key,
            _delivery_key,
            _row_number,
            _known_at,
            1,
            order_rank,
            false,
            false
        from numbered
        union all
<% endif %>
        select
<% for column in columns %>
<% if column in choosable %>
<< column | choice(12) >>,
<% else %>
            << column.name >>_latest,
<% endif %>
<% endfor %>
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
<% for column in columns %>
    cast(united.<< column.name >> as << column.sql_type >>) as << column.name >>,
<% endfor %>
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
