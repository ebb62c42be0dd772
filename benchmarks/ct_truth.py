"""Doses of CT from image headers beside what is known: one table a kind of truth.

    python -m benchmarks.ct_truth [hospital|cases|published|pairs]

* ``cases``: scans rebuilt from users' reports (``cases/ct`` of the test data), right or wrong;
* ``published``: scans whose exposed length was published; within the stated uncertainty or not;
* ``pairs``: images, or the range they show, beside the DLP that a report or dose page tells;
* ``hospital``: the simulated hospital without its reports, beside its truth table.
"""

from __future__ import annotations

import csv
import math
import os
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydicom.dataset import Dataset

from workbench.dicom.read import read_header
from workbench.dicom.record import dicom_json, instance_row
from workbench.errors import WorkbenchError
from workbench.mapping import Mapped, map_instances
from workbench.mapping.ct.exposed_length import exposed_length, overranging_cases
from workbench.schema import INSTANCE
from workbench.simulate.hospital import simulate_hospital

COVERAGE = 1.96  # standard deviations of 95 %
WITHIN = 0.02  # what a value that a header holds may be off
PATIENTS, SEED = 12, 1
TOLD = ("ctdi_vol_mgy", "scan_length_mm", "kvp_kv", "pitch", "rotation_time_s",
        "total_collimation_mm")  # fmt: skip
Rows = list[dict[str, Any]]


def data_folder() -> Path:
    """Return the folder of the test data."""
    return Path(os.environ["WORKBENCH_TEST_DATA"])


def mapped(data_sets: Iterable[Dataset]) -> Mapped:
    """Map data sets as they are, patients by their ID."""
    rows: Rows = []
    for data_set in data_sets:
        row, _ = instance_row(dicom_json(data_set)[0])
        patient = str(data_set.get("PatientID") or "none")
        rows.append(row | {"patient": patient, "object_number": len(rows) + 1})
    return map_instances(INSTANCE.frame(rows))


def read(folder: Path) -> Iterator[Dataset]:
    """Yield the headers of a folder that can be read."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield read_header(path).dataset
            except WorkbenchError:
                continue


@dataclass(frozen=True)
class Comparison:
    """An estimate beside the truth; ``sd_log`` is what the estimate says of itself."""

    name: str
    found: float
    truth: float
    sd_log: float

    @property
    def off(self) -> float:
        """ln(found / truth)."""
        return math.log(self.found / self.truth)

    @property
    def within(self) -> bool:
        """Whether the truth lies within the stated uncertainty."""
        return abs(self.off) <= COVERAGE * self.sd_log


def told(title: str, compared: list[Comparison], *, each: bool = True) -> None:
    """Print comparisons and what they are together."""
    if not compared:
        print(f"{title}: nothing to compare")
        return
    for one in compared if each else ():
        verdict = "within" if one.within else "OUTSIDE"
        print(f"  {one.name:44} {one.found:8.1f} {one.truth:8.1f} {100 * one.off:+6.1f} %"
              f"  sd {100 * one.sd_log:4.1f} %  {verdict}")  # fmt: skip
    bias = statistics.mean(one.off for one in compared)
    inside = sum(one.within for one in compared)
    print(f"{title}: {inside} of {len(compared)} within 1.96 sd, bias {100 * bias:+.1f} %")


# --- cases ------------------------------------------------------------------------------------


def counted(result: Mapped) -> Rows:
    """Return the events that count."""
    return result.events.filter("preferred").to_dicts()


def doses(result: Mapped) -> list[float | None]:
    """Return their DLPs."""
    return [row["dlp_mgy_cm"] for row in counted(result)]


def codes(result: Mapped) -> set[str]:
    """Return the codes of all findings."""
    return set(result.findings["code"])


def lengths(result: Mapped) -> list[float | None]:
    """Return scan lengths of the events that count."""
    return [row["scan_length_mm"] for row in counted(result)]


def alike(found: list[float | None], *truth: float | None) -> bool:
    """Whether values are as they should be, to a thousandth."""
    return len(found) == len(truth) and all(
        a is b is None or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-3))
        for a, b in zip(found, truth, strict=True)
    )


def long(*truth: float | None) -> Callable[[Mapped], bool]:
    """Events with these scan lengths."""
    return lambda result: alike(lengths(result), *truth)


def dosed(*truth: float | None) -> Callable[[Mapped], bool]:
    """Events with these DLPs."""
    return lambda result: alike(doses(result), *truth)


def flagged(flag: str, events: int = 1) -> Callable[[Mapped], bool]:
    """So many events, all with a flag."""
    return lambda result: (
        len(counted(result)) == events and all(flag in row["flags"] for row in counted(result))
    )


def incomplete(result: Mapped) -> bool:
    """No dose, an INCOMPLETE series and a finding."""
    states = result.series.filter(pl.col("role") == "SCAN")["state"].to_list()
    return set(doses(result)) == {None} and states == ["INCOMPLETE"] and bool(codes(result))


def no_patient_dose(result: Mapped) -> bool:
    """No event with a dose counts."""
    return set(doses(result)) <= {None}


# What is right in a word of CASES.csv, for those whose answer is a number or a flag of an event.
RIGHT: dict[str, Callable[[Mapped], bool]] = {
    "C01_two_increments": dosed(960.0), "C02_tilt20": dosed(900.0),
    "C04_one_slice_spiral": incomplete, "C06_dual_energy": flagged("several_voltages"),
    "C09_two_groups": long(200.0, 200.0), "C11_two_phases": long(300.0, 300.0),
    "C12_no_acq_time": flagged("positions_repeated"),
    "C13_every_4th": lambda result: long(300.0)(result) and bool(codes(result)),
    "C15_ge_cardiac_axial": long(160.0), "C17_ffs": long(300.0), "C18_ctdi_zero": dosed(None),
    "R01_two_reports_other_uids": dosed(300.0), "R11_zero_report": long(300.0),
    "T02_physics": no_patient_dose, "T06_no_event_uid_twice": lambda r: len(counted(r)) == 1,
    "T07_no_uid_cumulative": lambda r: math.isclose(sum(d or 0 for d in doses(r)), 450.0),
    "T09_hrct_1mm_every10": dosed(12.0),
    "T11_siemens_rot": lambda result: counted(result)[0]["rotation_time_s"] == 0.5,
    "U02_cardiac_one_series": long(120.0), "U04_perfusion": flagged("positions_repeated"),
    "U05_petct": long(900.0), "U06_topo_two": long(None, None),
    "U07_axial_mpr_only": flagged("derived_images_only"),
    "U08_two_ranges_one_spiral": long(500.0),
    "U12_ctdi_per_slice": flagged("ctdi_vol_mean_of_slices"),
}  # fmt: skip


def cases() -> dict[str, bool | None]:
    """Return CT cases that are right or wrong; ``None``: other tests say what is right there."""
    found: dict[str, bool | None] = {}
    for folder in sorted((data_folder() / "cases" / "ct").iterdir()):
        _, _, published = folder.name.partition("_published_")
        result = mapped(read(folder))
        if published:
            (row,) = counted(result)
            sure = row["exposed_length_sd_log"] or 0.0
            found[folder.name] = Comparison("", row["dlp_mgy_cm"], float(published), sure).within
        else:
            right = RIGHT.get(folder.name)
            found[folder.name] = right(result) if right else None
    return found


def print_cases() -> None:
    """Print the cases and how many are right."""
    found = cases()
    words = {True: "right", False: "WRONG", None: "see tests"}
    for name, right in found.items():
        print(f"  {name:44} {words[right]}")
    judged = [right for right in found.values() if right is not None]
    print(f"cases: {sum(judged)} of {len(judged)} right, {len(found) - len(judged)} in other tests")


# --- published, pairs -------------------------------------------------------------------------


def estimated(
    name: str, shown: float, truth: float, pitch: float | None, wide: float | None
) -> Comparison:
    """Compare the exposed length estimated for a spiral that shows ``shown`` mm."""
    part = {"spiral": True, "pitch": pitch, "total_collimation_mm": wide,
            "slice_increment_mm": None}  # fmt: skip
    found = exposed_length(shown, [(0.0, shown)], part)
    assert found is not None
    return Comparison(name, found.length_mm, truth, found.sd_log)


def known_spirals(kind: str) -> list[Comparison]:
    """Compare the scans of ``data/overranging.csv``: ``published``, or ``spiral`` (of reports)."""
    return [
        estimated(row["id"], float(row["shown_length_mm"]), float(row["exposed_length_mm"]),
                  float(row["pitch"] or 0) or None, float(row["total_collimation_mm"] or 0) or None)
        for row in overranging_cases() if row["kind"] == kind
    ]  # fmt: skip


def dose_pages() -> list[Comparison]:
    """Compare helical rows of real GE dose pages: their range beside DLP / CTDIvol, in mm."""
    compared = []
    path = data_folder() / "dosimetry" / "pixelmed_doseocrcheck_values.csv"
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["type"] != "HELICAL" or not row["range_from"]:
                continue
            begin, end = (_place(row[side]) for side in ("range_from", "range_to"))
            dose, dlp = float(row["ctdivol_mGy"]), float(row["dlp_mGycm"])
            if dose > 0 and dlp > 0 and begin != end:
                compared.append(estimated("", abs(begin - end), 10 * dlp / dose, None, None))
    return compared


def _place(text: str) -> float:
    return (
        float(text[1:]) if text[:1] == "S" else -float(text[1:]) if text[:1] == "I" else float(text)
    )


def real_pairs() -> list[Comparison]:
    """Compare the studies of the test data that hold both images and a report of a scan."""
    return paired(mapped(read(data_folder() / "dose")))


def paired(result: Mapped) -> list[Comparison]:
    """Compare DLPs of images with reported ones of the same event."""
    reported = result.events.filter((pl.col("source") != "header") & ~pl.col("localizer"))
    pairs = result.events.filter(pl.col("exposed_length_sd_log").is_not_null()).join(
        reported, on=["patient", "irradiation_event_uid"], suffix="_reported"
    )
    return [
        Comparison(f"{row['model']}, {row['scan_length_mm']:.0f} mm", row["dlp_mgy_cm"],
                   row["dlp_mgy_cm_reported"], row["exposed_length_sd_log"])
        for row in pairs.to_dicts() if row["dlp_mgy_cm_reported"]
    ]  # fmt: skip


# --- hospital ---------------------------------------------------------------------------------


def hospital(patients: int = PATIENTS) -> tuple[dict[str, tuple[int, int]], list[Comparison]]:
    """Compare the images of the simulated hospital with its truth.

    Returns, by column, how many values are within 2 % and how many a header holds; and the DLPs.
    """
    simulated = simulate_hospital(seed=SEED, patients=patients)
    images = (ds for ds in simulated.objects() if ds.Modality == "CT" and "PixelSpacing" in ds)
    events = mapped(images).events.filter(~pl.col("localizer")).explode("SeriesInstanceUIDs")
    truth = simulated.truth.filter((pl.col("modality") == "CT") & ~pl.col("localizer")).explode(
        "SeriesInstanceUIDs"
    )
    both = events.join(truth, on="SeriesInstanceUIDs", suffix="_true").unique(
        "irradiation_event_uid_true", maintain_order=True
    )
    values = {name: _close(both, name) for name in TOLD}
    return values, [
        Comparison(f"{row['maker']}, {row['event_type']}, {row['scan_length_mm']:.0f} mm",
                   row["dlp_mgy_cm"], row["dlp_mgy_cm_true"], row["exposed_length_sd_log"])
        for row in both.filter(pl.col("exposed_length_sd_log").is_not_null()).to_dicts()
    ]  # fmt: skip


def _close(both: pl.DataFrame, name: str) -> tuple[int, int]:
    pairs = both.select(name, f"{name}_true").drop_nulls()
    off = (pairs[name] / pairs[f"{name}_true"] - 1).abs()
    return int((off <= WITHIN).sum()), pairs.height


def print_hospital() -> None:
    """Print the comparison with the truth table."""
    values, compared = hospital()
    for name, (good, of) in values.items():
        print(f"  {name:44} {good} of {of} within 2 %")
    told("hospital, DLP of images", compared, each=False)


def print_pairs() -> None:
    """Print images, and what reports and pages say images show, beside the DLP they tell."""
    told("pairs of images and report", real_pairs())
    told("pairs of scanning length and DLP in reports", known_spirals("spiral"))
    told("pairs of scan range and DLP on dose pages", dose_pages(), each=False)


WHAT: dict[str, Callable[[], None]] = {
    "cases": print_cases,
    "published": lambda: told("published", known_spirals("published")),
    "pairs": print_pairs,
    "hospital": print_hospital,
}


def main() -> None:
    """Print what is asked for; all by default."""
    for name in sys.argv[1:] or WHAT:
        WHAT[name]()


if __name__ == "__main__":
    main()
