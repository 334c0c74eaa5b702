"""SQL for one object of a described schema: make it, remove it. Runs nothing and orders nothing."""

from psycopg import sql

from retail_pipeline.warehouse.schema_diff import SchemaObject

_CREATE = {
    "schema": "CREATE SCHEMA {name}",
    "sequence": "CREATE SEQUENCE {name}",
    "type": "CREATE TYPE {name} {definition}",
    "table": "CREATE TABLE {name} ()",
    "column": "ALTER TABLE {relation} ADD COLUMN {name} {definition}",
    "default": "ALTER TABLE {relation} ALTER COLUMN {name} SET DEFAULT {definition}",
    "not null": "ALTER TABLE {relation} ALTER COLUMN {name} SET NOT NULL",
    "constraint": "ALTER TABLE {relation} ADD CONSTRAINT {name} {definition}",
    "foreign key": "ALTER TABLE {relation} ADD CONSTRAINT {name} {definition}",
    "identity": (
        "ALTER TABLE {relation} ALTER COLUMN {name} ADD {definition};"
        " SELECT setval(pg_get_serial_sequence('{relation}', '{name}'), coalesce(max({name}), 0) + 1, false)"
        " FROM {relation}"
    ),
    # A new function may be called by everybody until that is taken back.
    "function": "{definition}; REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
    "row security": "ALTER TABLE {relation} {definition}",
    "policy": "CREATE POLICY {name} ON {relation} {definition}",
    "view": "CREATE VIEW {name} {definition}",
    "materialized view": "CREATE MATERIALIZED VIEW {name} {definition}",
    "comment": "COMMENT ON {name} IS {literal}",
    "grant": "GRANT {privileges} ON {target} TO {grantee}{option}",
    "default grant": "ALTER DEFAULT PRIVILEGES {maker} GRANT {privileges} ON {things} TO {grantee}{option}",
}
"""Of an index and a trigger the definition is the statement."""
_DROP = {
    "column": "ALTER TABLE {relation} DROP COLUMN {name}",
    "default": "ALTER TABLE {relation} ALTER COLUMN {name} DROP DEFAULT",
    "not null": "ALTER TABLE {relation} ALTER COLUMN {name} DROP NOT NULL",
    "constraint": "ALTER TABLE {relation} DROP CONSTRAINT {name}",
    "foreign key": "ALTER TABLE {relation} DROP CONSTRAINT {name}",
    "identity": "ALTER TABLE {relation} ALTER COLUMN {name} DROP IDENTITY",
    "policy": "DROP POLICY {name} ON {relation}",
    "trigger": "DROP TRIGGER {name} ON {relation}",
    "comment": "COMMENT ON {name} IS NULL",
    "grant": "REVOKE ALL ON {target} FROM {grantee}",
    "default grant": "ALTER DEFAULT PRIVILEGES {maker} REVOKE ALL ON {things} FROM {grantee}",
    "other owner": "ALTER {name}",
}


def create(one: SchemaObject) -> str:
    """Make the object, or give the property."""
    return _CREATE.get(one.kind, "{definition}").format(**_words(one)).rstrip(";\n ")


def drop(one: SchemaObject) -> str:
    """Remove the object, or take the property back."""
    return _DROP.get(one.kind, f"DROP {one.kind.upper()} {{name}}").format(**_words(one))


def retype(one: SchemaObject) -> str:
    """Give the column its declared type; fails, and changes nothing, where a value can't be had in that type."""
    return (
        f"ALTER TABLE {one.relation} ALTER COLUMN {one.name} TYPE {one.definition} USING {one.name}::{one.definition}"
    )


def _words(one: SchemaObject) -> dict[str, str]:
    target, _, grantee = one.name.rpartition(" TO ")
    privileges, option, _ = one.definition.partition(" WITH GRANT OPTION")
    literal = sql.Literal(one.definition).as_string(None)
    maker, _, things = target.partition(": ")
    grant = {"target": target, "grantee": grantee, "privileges": privileges, "option": option}
    grant |= {"maker": maker, "things": things}
    return {**one._asdict(), **grant, "literal": literal}
