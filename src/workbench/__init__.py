"""Workbench: radiation-dose epidemiology and image quality from DICOM.

The line of stages, each a function you can call alone::

    survey = create_survey("my-workspace", name="lung-ct", site="LU01")
    import_files(survey, ["/data/cd"])         # or collect(survey, patient_ids)
    map_survey(survey)                         # headers -> series, irradiation events
    estimate_doses(survey)                     # events  -> dose estimates
    survey.events()                            # a polars frame; so are series(), doses() ...

``workbench.stages.line`` is that line, and the one of image quality, as readable functions;
``workbench.schema`` says what every column means and in which unit.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from workbench.stages.collecting import collect
    from workbench.stages.dosing import estimate_doses
    from workbench.stages.importing import import_files
    from workbench.stages.mapping import map_survey
    from workbench.survey import Survey, create_survey, open_survey

# Loaded on first use: `workbench --help` must not wait for polars and pydicom.
_HOMES = {
    "Survey": "workbench.survey",
    "create_survey": "workbench.survey",
    "open_survey": "workbench.survey",
    "import_files": "workbench.stages.importing",
    "collect": "workbench.stages.collecting",
    "map_survey": "workbench.stages.mapping",
    "estimate_doses": "workbench.stages.dosing",
}

__all__ = [
    "Survey",
    "__version__",
    "collect",
    "create_survey",
    "estimate_doses",
    "import_files",
    "map_survey",
    "open_survey",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
