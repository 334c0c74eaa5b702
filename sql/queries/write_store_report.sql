-- Keep the report of a day; a newer one takes its place.
-- Grain and key: store_id, trading_day. Caller: warehouse/store_reports.py.
INSERT INTO retail.store_reports (
    store_id, organization_id, trading_day, language, html, subject, message, made_at, input_version, run_id
)
VALUES (
    %(store_id)s,
    %(organization_id)s,
    %(trading_day)s,
    %(language)s,
    %(html)s,
    %(subject)s,
    %(message)s,
    %(made_at)s,
    %(input_version)s,
    %(run_id)s
)
ON CONFLICT (store_id, trading_day) DO UPDATE SET
    language = excluded.language,
    html = excluded.html,
    subject = excluded.subject,
    message = excluded.message,
    made_at = excluded.made_at,
    input_version = excluded.input_version,
    run_id = excluded.run_id
