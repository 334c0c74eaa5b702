"""Whatever happens, no credential is found in what the pipeline leaves: rows, events, files, messages."""

from collections.abc import Iterator

import pytest

from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline_tests.security.leaving import (
    DATABASE,
    PASSWORDS,
    TOKEN,
    Left,
    everything,
    leaving,
    needles,
)


@pytest.fixture(scope="module")
def left(postgres: PostgresHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    with leaving(postgres, tmp_path_factory.mktemp("leaving")) as (pipeline, receiver):
        yield everything(pipeline, receiver)


def test_no_secret_is_left_anywhere(left) -> None:
    assert left.search(needles()) == []


def test_what_was_searched_is_what_a_pipeline_leaves(left) -> None:
    """Else the search would be of nothing: replies with blots, rows in quarantine, failures, ticks, alerts, logs."""
    assert left.text("retail.device_replies").count("***") > 20
    assert "***" in left.text("retail.rejected_rows")
    assert "echo" not in left.text("retail.device_health")
    assert "answers 403" in left.text("retail.collection_gaps")
    assert "Cannot use the database" in left.text("public.event_logs")
    assert "STEP_FAILURE" in left.text("public.event_logs")
    assert "alert_people" in left.text("public.job_ticks")
    assert "do not answer" in left.text("alerts")
    assert "porto" in left.text("process run")
    assert "porto" in left.text("command status")
    assert "it repeats its credential" in left.text("command fleet")
    assert any(place.startswith("compute_logs") for place in left.places)
    assert "lines" in left.text("command replay")
    assert "holds a /, ? or @ in its password" in left.text("command status")


@pytest.mark.parametrize("secret", [PASSWORDS["GOOD"], DATABASE, TOKEN])
@pytest.mark.parametrize("place", ["retail.device_replies", "public.event_logs", "alerts"])
def test_the_search_finds_a_secret_that_is_planted(left, secret, place) -> None:
    planted = Left({place: left.places[place] + secret.encode()})

    assert {found[1] for found in planted.search(needles())} == {place}
