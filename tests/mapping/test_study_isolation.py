"""One study that cannot be mapped stops no other; it is a finding, and its words stay inside."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from workbench.mapping import study_isolation
from workbench.mapping.application import Mapped
from workbench.mapping.study_isolation import map_apart
from workbench.schema import FINDING, INSTANCE, IRRADIATION_EVENT, SERIES


def instances(*studies: tuple[str, str]) -> pl.DataFrame:
    return INSTANCE.frame([
        {"patient": patient, "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1",
         "Modality": "CT"}
        for patient, study in studies
    ])  # fmt: skip


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[set[str]], bool]], list[int]]:
    """Have the mapping raise where the studies given together are such and such."""

    def use(breaks: Callable[[set[str]], bool]) -> list[int]:
        sizes: list[int] = []

        def stage(part: pl.DataFrame, **_: object) -> Mapped:
            sizes.append(part.height)
            studies = set(part["StudyInstanceUID"])
            if breaks(studies):
                raise ValueError("CANARY^HEADER")
            rows = [{"StudyInstanceUID": one, "state": "MAPPED"} for one in sorted(studies)]
            return Mapped(SERIES.frame(rows), IRRADIATION_EVENT.empty(), FINDING.empty())

        monkeypatch.setattr(study_isolation, "map_instances", stage)
        return sizes

    return use


ALL = instances(("P", "1"), ("P", "2"), ("Q", "3"), ("R", "4"))


def states(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("StudyInstanceUID", "state").iter_rows())


def test_where_nothing_fails_all_is_mapped_at_once(
    breaking: Callable[[Callable[[set[str]], bool]], list[int]],
) -> None:
    sizes = breaking(lambda _: False)
    assert map_apart(ALL).failed == frozenset()
    assert sizes == [4]


@pytest.mark.parametrize("bad", ["1", "3"])
def test_a_study_that_fails_is_left_out_and_every_other_is_mapped(
    bad: str, breaking: Callable[[Callable[[set[str]], bool]], list[int]]
) -> None:
    breaking(lambda studies: bad in studies)
    found = map_apart(ALL)
    assert found.failed == {bad}
    expected = dict.fromkeys("1234", "MAPPED") | {bad: "INCOMPLETE"}
    assert states(found.mapped.series) == expected
    (finding,) = found.mapped.findings.to_dicts()
    assert (finding["StudyInstanceUID"], finding["severity"]) == (bad, "error")
    assert "ValueError" in finding["detail"]
    assert "CANARY" not in str(found)


def test_studies_of_one_patient_that_fail_only_together_are_all_left_out(
    breaking: Callable[[Callable[[set[str]], bool]], list[int]],
) -> None:
    breaking(lambda studies: studies >= {"1", "2"})
    found = map_apart(ALL)
    assert found.failed == {"1", "2"}
    assert found.mapped.findings.height == 2


def test_every_study_may_fail(
    breaking: Callable[[Callable[[set[str]], bool]], list[int]],
) -> None:
    breaking(lambda _: True)
    assert map_apart(ALL).failed == {"1", "2", "3", "4"}
