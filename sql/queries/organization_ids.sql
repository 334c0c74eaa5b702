-- Every organization that was ever declared, and whether it still is.
-- Grain and key: organization_id. Caller: warehouse/keeping.py.
SELECT
    organization_id,
    valid_to IS NULL AS is_declared
FROM retail.organizations
ORDER BY organization_id
