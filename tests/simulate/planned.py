"""Single simulated studies and their images as a reader gets them, without a whole hospital."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from workbench.dicom.jsonmodel import Item
from workbench.mapping.ct.private_elements import private_values
from workbench.mapping.rules import Vendor, built_in_rules
from workbench.simulate.cases import CASES, Case
from workbench.simulate.ct_images import image, series_template
from workbench.simulate.plan import Reconstruction, Study
from workbench.simulate.studies import plan_study


def planned(maker: str, seed: int = 1, number: int = 0, **changes: Any) -> Study:
    """Plan a study of one maker: its first case, changed."""
    case = next(case for case in CASES if case.maker == maker)
    return plan_study(seed, number, replace(case, **changes))


def changed(**changes: Any) -> Case:
    return replace(CASES[0], **changes)


def stored(dataset: Dataset) -> Dataset:
    """Return an object as it is read back from its file."""
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    file.seek(0)
    return pydicom.dcmread(file)


def first_images(study: Study) -> Iterator[tuple[Reconstruction, Dataset]]:
    """Yield each series with its first image, read back."""
    for recon in study.reconstructions:
        yield recon, stored(image(study, recon, series_template(study, recon), 0))


def vendor(name: str) -> Vendor:
    return next(each for each in built_in_rules().vendors if each.name == name)


def mapped(dataset: Dataset, name: str) -> dict[str, float]:
    """Return what the maker's mapping rules read in private elements; none may be impossible."""
    header: Item = dataset.to_json_dict()
    columns, findings = private_values(header, vendor(name))
    assert not findings
    return columns
