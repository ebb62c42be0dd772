"""Names: one for a machine, one machine for a name, the same wherever it is shown."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.report.report_frames import scans
from workbench.scanners.device_signs import DeviceSigns
from workbench.scanners.scanner_file import NamedScanner, SignPattern
from workbench.scanners.scanner_names import CLAIMED, SCANNER, ScannerNames, labelled

A = DeviceSigns("SIEMENS", "SOMATOM Force", "CT01", "75512")
B = DeviceSigns("Siemens Healthineers", "Somatom Force", "CTNEW", "75512")
REPLACED = DeviceSigns("SIEMENS", "SOMATOM Force", "CT01", "75999")


def names_of(names: ScannerNames) -> list[str]:
    return [scanner.name for scanner in names.scanners]


def test_two_spellings_are_one_scanner_under_its_most_frequent_one() -> None:
    names = ScannerNames.of({A: 2, B: 5})
    assert names_of(names) == ["Siemens Somatom Force, CTNEW"]
    assert names.scanners[0].events == 7
    assert names.name_of(A) == names.name_of(B)
    assert names.doubts == ()


def test_machines_that_headers_name_alike_are_told_apart_by_serial_number() -> None:
    names = ScannerNames.of({A: 2, REPLACED: 1})
    assert names_of(names) == [
        "Siemens SOMATOM Force, CT01, serial number 75512",
        "Siemens SOMATOM Force, CT01, serial number 75999",
    ]
    (doubt,) = names.doubts
    assert "different serial numbers" in doubt.why


def test_a_given_name_holds_for_spellings_that_come_later() -> None:
    named = [NamedScanner("CT 1", (SignPattern(*A),))]
    names = ScannerNames.of({A: 1, B: 1, REPLACED: 1}, named)
    assert names.name_of(B) == "CT 1"
    # Its name is what it was before the other got one.
    assert names.name_of(REPLACED) == ScannerNames.of({A: 1, REPLACED: 1}).name_of(REPLACED)
    assert [scanner.named for scanner in names.scanners] == [True, False]


def test_what_a_person_split_is_not_brought_together_by_a_new_spelling() -> None:
    named = [NamedScanner("one", (SignPattern(*A),)), NamedScanner("two", (SignPattern(*B),))]
    third = DeviceSigns("SIEMENS", "SOMATOM Force", "THIRD", "75512")
    names = ScannerNames.of({A: 1, B: 1, third: 1}, named)
    assert sorted(names_of(names)) == ["Siemens SOMATOM Force, THIRD", "one", "two"]
    # Of one and two a person has decided; of the third nobody has.
    assert {frozenset((doubt.first, doubt.second)) for doubt in names.doubts} == {
        frozenset((name, "Siemens SOMATOM Force, THIRD")) for name in ("one", "two")
    }


def test_a_sign_that_two_names_claim_goes_to_the_first_and_is_told() -> None:
    named = [NamedScanner("one", (SignPattern(serial="75512"),)),
             NamedScanner("two", (SignPattern(maker="siemens"),))]  # fmt: skip
    names = ScannerNames.of({A: 1, REPLACED: 1}, named)
    assert names.name_of(A) == "one"
    assert names.name_of(REPLACED) == "two"
    assert CLAIMED in [doubt.why for doubt in names.doubts]


def test_a_header_may_not_take_a_name_that_a_person_gave() -> None:
    other = DeviceSigns("ACME", "Ring", None, "1")
    names = ScannerNames.of({A: 1, other: 1}, [NamedScanner("acme ring", (SignPattern(*A),))])
    assert sorted(names_of(names)) == ["ACME Ring, serial number 1", "acme ring"]


def test_events_bear_the_name_of_their_machine() -> None:
    events = scans(
        dict(zip(("manufacturer", "model", "station", "device_serial_number"), A, strict=True)),
        dict(zip(("manufacturer", "model", "station", "device_serial_number"), B, strict=True)),
        dict.fromkeys(("manufacturer", "model", "station", "device_serial_number")),
    )
    names = labelled(events)[SCANNER].to_list()
    assert names[0] == names[1] != names[2] == "scanner not stated"
    given = events.with_columns(pl.lit("given").alias(SCANNER))
    assert labelled(given)[SCANNER].to_list() == ["given"] * 3
    assert labelled(events.clear()).height == 0
    # A part of the events is named as all of them are.
    whole = ScannerNames.of_events(events, [NamedScanner("CT 1", (SignPattern(*A),))])
    assert whole.label(events.tail(2))[SCANNER].to_list() == ["CT 1", "scanner not stated"]


def test_label_keeps_the_order_and_the_number_of_events() -> None:
    events = scans(*({"station": f"CT{number % 3}"} for number in range(30)))
    found = labelled(events)
    assert found.drop(SCANNER).equals(events)


TEXT = st.one_of(st.none(), st.sampled_from(("SIEMENS", "Siemens", "CT1", "ct 1", "X", "0000")))
COUNTS = st.dictionaries(st.builds(DeviceSigns, TEXT, TEXT, TEXT, TEXT), st.integers(1, 5),
                         max_size=12)  # fmt: skip


@given(COUNTS)
def test_every_name_stands_for_one_machine_and_no_event_is_lost(
    counts: dict[DeviceSigns, int],
) -> None:
    names = ScannerNames.of(counts)
    shown = [name.casefold() for name in names_of(names)]
    assert len(set(shown)) == len(shown)
    assert sum(scanner.events for scanner in names.scanners) == sum(counts.values())
    assert all(len(scanner.serials) <= 1 for scanner in names.scanners)
    assert {names.name_of(raw) for raw in counts} == set(names_of(names))


def test_a_machine_that_no_event_is_of_bears_the_name_of_its_kin() -> None:
    named = [NamedScanner("CT 1", (SignPattern(*A),)),
             NamedScanner("Phantoms only", (SignPattern(serial="99"),))]  # fmt: skip
    names = ScannerNames.of({A: 1}, named)
    assert names.name_of(DeviceSigns("SIEMENS", "SOMATOM Force", "QA", "75512")) == "CT 1"
    assert names.name_of(DeviceSigns("X", "Y", "Z", "99")) == "Phantoms only"
    assert names.name_of(DeviceSigns("SIEMENS", "SOMATOM Force", "QA", "1")) == (
        "Siemens SOMATOM Force, QA"
    )
