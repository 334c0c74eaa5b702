-- Keep the overview of a day; a newer one takes its place.
-- Grain and key: organization_id, trading_day. Caller: warehouse/organization_reports.py.
INSERT INTO retail.organization_reports (
    organization_id, trading_day, language, html, subject, message, made_at, input_version, run_id
)
VALUES (
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
ON CONFLICT (organization_id, trading_day) DO UPDATE SET
    language = excluded.language,
    html = excluded.html,
    subject = excluded.subject,
    message = excluded.message,
    made_at = excluded.made_at,
    input_version = excluded.input_version,
    run_id = excluded.run_id
