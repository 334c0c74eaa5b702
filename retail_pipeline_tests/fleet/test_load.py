"""The fleet file is read as people mean it, and every problem is said with its line and field."""

from pathlib import Path

import pytest

from retail_pipeline.fleet.load import FleetError, load_fleet, parse_fleet

GOOD = """\
organizations: [{id: acme, name: Acme Retail}]
stores:
  - id: lisbon-01
    organization: acme
    name: Lisbon, main street
    timezone: Europe/Lisbon
    country: PT
    opening_hours: {mon-sat: 10:00-22:00, sun: "10:00-20:00"}
    exceptions: {2026-12-25: closed}
    day_starts_at: 12:00
    sensors:
      - id: lisbon-01-door
        url: http://127.0.0.1:8801
        lines:
          1: {role: entrance, from: outside, to: hall}
          4: {role: passers_by}
        regions: {1: hall}
    zones:
      hall: {kind: entrance, name: Hall}
"""


def said(text: str) -> list[str]:
    with pytest.raises(FleetError) as refused:
        parse_fleet(text, "fleet.yaml")
    return list(refused.value.problems)


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_a_good_file_is_a_fleet() -> None:
    store = parse_fleet(GOOD, "fleet.yaml").store("lisbon-01")
    assert store.graph.closed_zones == ("hall",)
    assert store.day_starts_at.hour == 12
    assert [str(day) for day in store.exceptions] == ["2026-12-25"]


def test_text_stays_text() -> None:
    fleet = parse_fleet(
        changed("country: PT", "country: NO\n    language: no\n    name: 010").replace(
            "    name: Lisbon, main street\n", ""
        ),
        "fleet.yaml",
    )
    store = fleet.stores[0]
    assert (store.country, store.language, store.name) == ("NO", "no", "010")


def test_anchors_are_merged_and_what_is_written_out_counts() -> None:
    shared = """\
organizations: [{id: acme, name: Acme}]
stores:
  - &first {id: one, organization: acme, name: One, timezone: Europe/Lisbon}
  - {<<: *first, id: two, timezone: Lisbon}
"""
    assert said(shared) == [
        "fleet.yaml, line 4, stores[two].timezone: 'Lisbon' is not an IANA time zone such as Europe/Lisbon"
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("timezone: Europe/Lisbon", "timezone: Lisbon", "6, stores[lisbon-01].timezone: 'Lisbon' is not an IANA"),
        ("country: PT", "country: ZZ", "7, stores[lisbon-01].country: 'ZZ' is not a country whose public"),
        ("country: PT", "contry: PT", "7, stores[lisbon-01].contry: is not a known key; did you mean country?"),
        ("country: PT", "xyzzy: 1", "7, stores[lisbon-01].xyzzy: is not a known key"),
        ("    name: Lisbon, main street\n", "", "3, stores[lisbon-01].name: is missing"),
        ("Lisbon, main street", "7", "5, stores[lisbon-01].name: should be text; in quotes if it looks like"),
        ("mon-sat: 10:00-22:00", "mon-sat: 10-22", "8, stores[lisbon-01].opening_hours.mon-sat: opening hours are"),
        ("mon-sat: 10:00-22:00", "mon-sat: 10", "8, stores[lisbon-01].opening_hours.mon-sat: opening hours are text"),
        ("mon-sat: 10:00-22:00", "1: closed", "8, stores[lisbon-01].opening_hours.1: weekdays are written"),
        ('{mon-sat: 10:00-22:00, sun: "10:00-20:00"}', "[]", "8, stores[lisbon-01].opening_hours: should be keys with"),
        ("2026-12-25: closed", "2026-12-25: shut", "9, stores[lisbon-01].exceptions.2026-12-25: opening hours"),
        ("2026-12-25: closed", "christmas: closed", "9, stores[lisbon-01].exceptions.christmas: should be a valid"),
        ("day_starts_at: 12:00", "day_starts_at: 04:30", "10, stores[lisbon-01].day_starts_at: is a whole hour"),
        ("1: {role", "7: {role", "15, stores[lisbon-01].sensors[lisbon-01-door].lines.7: devices number their lines"),
        ("1: {role", "a: {role", "15, stores[lisbon-01].sensors[lisbon-01-door].lines.a: should be a valid integer"),
        ("role: passers_by", "role: street", "16, stores[lisbon-01].sensors[lisbon-01-door].lines.4.role: should be"),
        ("to: hall", "to: hal", "15, stores[lisbon-01].sensors[lisbon-01-door].lines.1.to: store lisbon-01, line lisb"),
        ("{1: hall}", "{1: hal}", "17, stores[lisbon-01].sensors[lisbon-01-door].regions.1: store lisbon-01, region"),
        ("hall: {kind: entrance", "Hall: {kind: entrance", "19, stores[lisbon-01].zones.Hall: is a name of up to 63"),
        ("organization: acme", "organization: other", "4, stores[lisbon-01].organization: store lisbon-01 names the"),
        ("organizations: [", "organizations: {}\n#", "1, organizations: should be a list"),
        ("http://127.0.0.1:8801", "sensor", "13, stores[lisbon-01].sensors[lisbon-01-door].url: should be a valid URL"),
        ("http://127.0.0.1:8801", "ftp://x", "13, stores[lisbon-01].sensors[lisbon-01-door].url: URL scheme should be"),
        ("http://127.0.0.1:8801", "http://169.254.169.254", "13, stores[lisbon-01].sensors[lisbon-01-door].url: sens"),
        ("  - id: lisbon-01\n   ", "  -", "3, stores[0].id: is missing"),
    ],
)  # fmt: skip
def test_a_problem_names_file_line_and_field(old: str, new: str, problem: str) -> None:
    [sentence] = said(changed(old, new))
    assert sentence.startswith(f"fleet.yaml, line {problem}")


def test_all_problems_are_listed_in_the_order_of_lines() -> None:
    text = changed("Europe/Lisbon", "Lisbon").replace("country: PT", "country: Z").replace("kind: entrance", "kind: x")
    assert [sentence.split(":")[0] for sentence in said(text)] == [
        "fleet.yaml, line 6, stores[lisbon-01].timezone",
        "fleet.yaml, line 7, stores[lisbon-01].country",
        "fleet.yaml, line 19, stores[lisbon-01].zones.hall.kind",
    ]


def test_ids_stand_once_in_the_whole_fleet() -> None:
    again = GOOD + GOOD[GOOD.index("  - id: lisbon-01") :]
    store, sensor = said(again)
    assert store == "fleet.yaml, line 20, stores[lisbon-01]: each store id stands once; lisbon-01 stands 2 times"
    assert sensor.startswith(
        "fleet.yaml, line 29, stores[lisbon-01].sensors[lisbon-01-door]: each sensor id stands once"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("country: PT", "name: Again", "line 7, name: this key stands twice"),
        ("4: {role: passers_by}", '"1": {role: passers_by}', "line 16, 1: this key stands twice"),
        ("regions: {1: hall}", "regions: {1: hall, 1: hall}", "line 17, 1: this key stands twice"),
    ],
)
def test_a_key_that_stands_twice_is_refused(old: str, new: str, problem: str) -> None:
    assert said(changed(old, new)) == [f"fleet.yaml, {problem}"]


@pytest.mark.parametrize("url", ["http://svc:hunter2@sensor.example", "http://x/?p=hunter2", "hunter2", "x://hunter2"])
def test_no_message_repeats_a_secret(url: str) -> None:
    with pytest.raises(FleetError) as refused:
        parse_fleet(changed("http://127.0.0.1:8801", f"{url}\n        credential: hunter2"), "fleet.yaml")
    assert len(refused.value.problems) == 2
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_a_user_in_the_address_is_told_where_it_belongs() -> None:
    [sentence] = said(changed("http://127.0.0.1:8801", "http://svc:hunter2@sensor.example"))
    assert sentence.endswith(
        "url: holds a user or password; name a credential; RETAIL_CREDENTIAL_<NAME>_USERNAME and _PASSWORD hold it"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "fleet.yaml: the fleet file is empty"),
        ("# nothing\n", "fleet.yaml: the fleet file is empty"),
        ("stores", "fleet.yaml, line 1: should be keys with values"),
        ("stores: [\n", "fleet.yaml, line 2: this is not YAML"),
        ("a: 1\n---\nb: 2\n", "fleet.yaml, line 2: this is not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "fleet.yaml, line 1: this is not YAML"),
        ("{[a]: b}", "fleet.yaml, line 1: this is not YAML"),
        ("a: \x00", "fleet.yaml: this is not YAML"),
        ("[" * 5000, "fleet.yaml: this is not YAML"),
        ("stores: &a [*a]", "fleet.yaml, line 1, stores[0]"),
    ],
)
def test_what_is_no_fleet_at_all_is_said_so(text: str, problem: str) -> None:
    assert said(text)[0].startswith(problem)


@pytest.mark.parametrize(
    "level",
    ["a{n}: &a{n} [{refs}]", "a{n}: &a{n} {{<<: [{refs}]}}"],
    ids=["lists of lists", "keys merged with keys"],
)
def test_a_few_lines_cannot_become_a_billion(level: str) -> None:
    levels = [level.format(n=n, refs=", ".join([f"*a{n - 1}"] * 10)) for n in range(1, 13)]
    [problem] = said("\n".join(["a0: &a0 {x: 1}", *levels, "stores: *a12"]))
    assert problem.startswith("fleet.yaml: this is not YAML")


@pytest.mark.parametrize("tag", ["!!python/name:os.system", "!!python/object/new:os.system [true]"])
def test_a_tag_makes_no_object(tag: str) -> None:
    [problem] = said(changed("name: Lisbon, main street", f"name: {tag}"))
    assert "fleet.yaml, line" in problem


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_fleet(path).store_ids == ("lisbon-01",)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"none\.yaml: the fleet file cannot be read: No such file"):
        load_fleet(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("name: Praça".encode("latin-1"))
    with pytest.raises(FleetError, match=r"latin\.yaml: the fleet file is not text in UTF-8"):
        load_fleet(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("threshold", "sentence"),
    [
        ("overdue: 30", "overdue: is not a threshold; did you mean overdue_warn?"),
        ("not_stuk: 6", "not_stuk: is not a threshold; did you mean not_stuck?"),
        ("rain: 1", "rain: is not a threshold; there are counts_plausible, "),
        ("not_stuck: -1", "not_stuck: is a number from 0 on, not -1.0"),
        ("not_stuck: nan", "not_stuck: should be a finite number"),
    ],
)
def test_a_threshold_that_no_check_reads_is_refused_with_its_line(threshold: str, sentence: str) -> None:
    [problem] = said(changed("    country: PT\n", f"    country: PT\n    thresholds: {{{threshold}}}\n"))
    assert problem.startswith(f"fleet.yaml, line 8, stores[lisbon-01].thresholds.{sentence}")


def test_a_file_is_read_anew_when_its_text_changed_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(GOOD)
    first = load_fleet(path)
    assert load_fleet(path) is first
    path.write_text(GOOD.replace("Lisbon, main street", "Lisbon, moved"))
    assert load_fleet(path).store("lisbon-01").name == "Lisbon, moved"
    path.write_text("stores: [{}]")
    for _ in range(2):
        with pytest.raises(FleetError, match="is missing"):
            load_fleet(path)
