-- Every organization that was ever declared.
-- Grain and key: organization_id. Caller: warehouse/keeping.py.
SELECT organization_id
FROM retail.organizations
ORDER BY organization_id
