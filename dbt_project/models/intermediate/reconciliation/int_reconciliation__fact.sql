-- The facts that are reconciled, with the record type from which each is made.
select fact, record_type, has_amount
from
    (
        values
            ('fct_invoice', 'invoices', true),
            ('fct_invoice_line', 'invoice_lines', true),
            ('fct_payment', 'payments', true),
            ('fct_contact', 'contacts', false),
            ('fct_complaint', 'complaints', false)
    ) as facts(fact, record_type, has_amount)
