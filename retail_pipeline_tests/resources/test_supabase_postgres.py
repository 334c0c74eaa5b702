"""The warehouse of a process: opened often, known once."""

import pytest

from retail_pipeline.resources.supabase_postgres import open_warehouse

URL = "postgresql://user@127.0.0.1:5432/"


def test_all_steps_of_a_process_share_what_was_learnt_of_a_warehouse_for_as_long_as_it_is_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = []
    for name in ("one", "one", "other"):
        monkeypatch.setenv("RETAIL_DATABASE_URL", URL + name)
        with open_warehouse() as warehouse:
            opened.append(warehouse)
    first, again, elsewhere = opened
    assert again._types is first._types
    assert elsewhere.where == "database other on 127.0.0.1:5432"
