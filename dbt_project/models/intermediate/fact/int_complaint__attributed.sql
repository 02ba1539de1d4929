-- Whose complaint it is: the customer it names, else the owner of the account it names, else the unknown customer.
with
    complaints as (select * from {{ ref("stg_complaints") }}),
    customers as (select * from {{ ref("int_customer__resolved") }}),
    accounts as (select * from {{ ref("int_account__attributed") }})
select
    complaints.complaint_key,
    complaints.complaint_id,
    complaints.source_system,
    complaints._source_name as source_name,
    coalesce(customers.customer_key, accounts.customer_key, -1) as customer_key,
    coalesce(complaints.account_key, -1) as account_key,
    complaints.contact_key,
    complaints.invoice_key,
    complaints.opened_at as received_at,
    complaints.acknowledged_at,
    complaints.responded_at,
    complaints.resolved_at,
    complaints.closed_at,
    complaints.followed_up_at,
    -- A source that never closes formally still says when the matter was settled.
    least(complaints.resolved_at, complaints.closed_at) as ended_at,
    complaints.category,
    complaints.severity,
    complaints.department,
    complaints.decision,
    complaints.reopened_count,
    complaints.disputed_amount,
    complaints.compensation
from complaints
left join customers on complaints.customer_key = customers.source_customer_key
left join accounts on complaints.account_key = accounts.account_key
