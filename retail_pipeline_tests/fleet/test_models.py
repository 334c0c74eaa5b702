"""What a store or a device cannot be is refused where it is declared."""

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from retail_pipeline.fleet.models import Device, Organization, Report, Store
from retail_pipeline_tests.fleet.declared import device, fleet, store


def made(**declared: object) -> Device:
    return Device.model_validate(device(**declared))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://2852039166",
        "http://0xa9fea9fe:8080",
        "http://[fe80::1]",
        "https://[febf::1]:8801",
        "http://[::ffff:169.254.169.254]",
    ],
)
def test_link_local_addresses_need_to_be_allowed(url: str) -> None:
    with pytest.raises(ValueError, match="link-local"):
        made(url=url)
    assert made(url=url, allow_link_local=True).allow_link_local


@pytest.mark.parametrize(
    "url", ["http://192.168.1.20:8080", "https://shop.example:8801/cam", "http://[fd00::1]", "http://[2001:db8::1]:80"]
)
def test_ordinary_addresses_are_taken_as_they_are(url: str) -> None:
    assert str(made(url=url).url).rstrip("/") == url.replace(":80/", "/").removesuffix(":80")


@pytest.mark.parametrize(
    "url", ["http://svc:hunter2@sensor.example", "http://sensor.example/?pw=hunter2", "ftp://hunter2"]
)
def test_an_address_with_more_than_the_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="url") as refused:
        made(url=url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"interval_minutes": 20}, "is one of 5, 10, 15, 30, 60 minutes, not 20"),
        ({"lines": {5: {"role": "entrance"}}}, "devices number their lines and regions 1 to 4, not 5"),
        ({"regions": {0: "hall"}}, "not 0"),
        ({"credential": "hunter2"}, "is the name of a credential in capitals"),
        ({"timezone": "localtime"}, "not an IANA time zone"),
        ({"reports": []}, "at least 1 item"),
        ({"reports": ["heat"]}, "heat counts nobody: name lines or regions too"),
        ({"reports": ["lines", "long_stays"]}, "long_stays are told as a share of all stays: name regions too"),
    ],
)
def test_a_device_that_cannot_be_is_refused(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(**declared)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({}, "has no entrance line"),
        ({1: {"role": "entrance"}, 4: {"role": "passers_by"}}, "its line 4 is passers_by: live counters add up all"),
        ({1: {"role": "entrance"}, 2: {"role": "ignored"}}, "its line 2 is ignored"),
        ({1: {"role": "entrance"}, 3: {"role": "entrance", "inverted": True}}, "only its lines 3 are inverted"),
    ],
)
def test_live_counters_need_entrance_lines_only(lines: dict[int, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(live=True, lines=lines)


def test_a_device_with_entrance_lines_only_may_be_live() -> None:
    assert made(live=True, lines={1: {"role": "entrance"}, 2: {"role": "entrance"}}).live


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"timezone": "Lisbon"}, "'Lisbon' is not an IANA time zone such as Europe/Lisbon"),
        ({"country": "ZZ"}, "'ZZ' is not a country whose public holidays are known"),
        ({"currency": "euro"}, "currency in three letters"),
        ({"id": "Lisbon 1"}, "small letters, digits"),
        ({"day_starts_at": "04:30"}, "whole hour from 00:00 to 12:00, not 04:30:00"),
        ({"day_starts_at": "13:00"}, "whole hour"),
        ({"day_starts_at": "04:00Z"}, "whole hour"),
        ({"exceptions": {"2026-12-24": "10-18"}}, "opening hours are written"),
        ({"thresholds": {"no_ghost_traffic": float("nan")}}, "finite number"),
        ({"zones": {"street": {"kind": "queue", "name": "Q"}}}, "store shop cannot have a zone street"),
        ({"zones": {f"z{n}": {"kind": "queue", "name": "Q"} for n in range(5)}}, "declares 5 zones; a store has up to"),
        ({"sensors": [device(regions={2: "hall"})]}, "store shop, region door/2 names the zone 'hall'"),
    ],
)
def test_a_store_that_cannot_be_is_refused(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        store(**declared)


def test_a_region_report_without_a_mapping_is_kept_raw() -> None:
    regional = store(sensors=[device(reports=["lines", "regions"])])
    assert [found.id for found in regional.devices_for(Report.REGIONS)] == ["door"]


def test_devices_that_are_not_active_are_asked_for_nothing() -> None:
    shop = store(sensors=[device(), device("old", active=False, timezone="Asia/Kolkata")])
    assert [found.id for found in shop.devices_for(Report.LINES)] == ["door"]
    assert [shop.device_zone(found).key for found in shop.sensors] == ["Europe/Lisbon", "Asia/Kolkata"]


def test_a_fleet_knows_its_stores() -> None:
    declared = fleet()
    assert declared.store("shop").name == "Shop"
    assert declared.store_ids == ("shop",)
    assert declared.has_store("shop")
    assert not declared.has_store("other")
    with pytest.raises(KeyError):
        declared.store("other")


def test_equal_declarations_are_equal_and_hash_alike() -> None:
    first, second = fleet(), fleet()
    assert first.stores[0].graph.doors == ()
    assert first == second
    assert len({*first.stores, *second.stores}) == 1
    assert len({*first.stores[0].sensors, *second.stores[0].sensors}) == 1


def test_a_copy_with_other_values_forgets_what_followed_from_the_old_ones() -> None:
    original = fleet()
    shop = original.store("shop")
    assert shop.zone_info.key == "Europe/Lisbon"
    moved: Store = shop.model_copy(update={"id": "moved", "timezone": "Asia/Kolkata"})
    assert moved.zone_info.key == "Asia/Kolkata"
    assert original.model_copy(update={"stores": (moved,)}).has_store("moved")


def test_dates_of_exceptions_are_dates() -> None:
    assert store(exceptions={"2026-12-25": "closed"}).exceptions == {dt.date(2026, 12, 25): "closed"}


def test_a_part_of_a_fleet_is_a_fleet_of_its_own() -> None:
    declared = fleet()
    part = declared.only(["acme"])
    assert part.stores == declared.stores
    assert (declared.scope, part.scope) == (None, {"acme"})
    assert declared.only(["other"]).store_ids == ()


def test_the_fingerprint_changes_with_what_is_declared() -> None:
    assert fleet().fingerprint() == fleet().fingerprint()
    assert fleet().fingerprint() != fleet(capacity=200).fingerprint()


def test_an_organization_names_its_recipients_as_a_store_does() -> None:
    named = Organization.model_validate({"id": "acme", "name": "Acme", "recipients": ["AREA", "HEAD_OFFICE"]})
    assert named.recipients == ("AREA", "HEAD_OFFICE")
    with pytest.raises(ValidationError, match="is the name of a recipient in capitals"):
        Organization.model_validate({"id": "acme", "name": "Acme", "recipients": ["area"]})
