"""Of a comment dose statements leave, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from workbench.deidentify.dose_comments import dose_statements
from workbench.deidentify.engine import Deidentified
from workbench.deidentify.identity_sources import Sources

NOBODY = Sources().identity()


@pytest.mark.parametrize(
    "comment",
    ["Series #3 PRE KIDNEYS Average CTDIvol=7.2 DLP=196.0\r\nSeries #4 DLP=2.5",
     "EVENT=1 DLP=1102.44609",
     "Total DLP=248.585973", "80 %", "DAP 12.5 Gy.cm2", "CTDIvol: 14.1"],
)  # fmt: skip
def test_dose_statements_stay_as_they_are(comment: str) -> None:
    assert dose_statements(comment, NOBODY) == comment


@pytest.mark.parametrize(
    "comment",
    ["Grottenolm", "Grottenolm DLP=12.5", "call 621 123 456", "48213", "12.3.1980", "123456789",
     "x" * 5_000],
)  # fmt: skip
def test_nothing_else_leaves(comment: str) -> None:
    assert dose_statements(comment, NOBODY).strip() in ("", "DLP=12.5")


@pytest.mark.parametrize("keyword", ["ImageComments", "PatientComments", "StudyComments"])
def test_comments_do_not_leave(
    keyword: str, patient: Dataset, apply: Callable[[Dataset], Deidentified]
) -> None:
    patient.add_new(keyword, "LT", "nebenan wohnt Grottenolm")
    assert keyword not in apply(patient).dataset
