"""What a test profile may set of the QA test ``ct-water``, and what a new one expects."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from workbench.qa.profiles import Expectation, Tolerance


class WaterSettings(BaseModel):
    """A profile's ``[settings]`` for ``ct-water``.

    Attributes
    ----------
    central_share
        Diameter of the central disc in diameters of the phantom; IEC 61223-3-5 asks 0.4.
    rim_share
        Diameter of the discs near the rim, likewise.
    rim_distance
        mm between those discs and the rim.
    air_distance
        mm between the phantom and the disc of air, at least.
    diameter_within
        mm by which the phantom may differ from its geometry file.
    eccentricity_within
        Largest (longest - shortest) / diameter.
    water_within
        HU by which the centre may differ from 0: farther away it is another material.
    structure_contrast, structure_significance
        What stands out by more than both (HU; standard deviations of the noise) is no water.
    rim_seen
        Share of the rim below which a person is warned.
    most_noise
        Largest standard deviation, HU, of a section that is still water.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    central_share: float = Field(default=0.4, gt=0, le=0.8)
    rim_share: float = Field(default=0.1, gt=0, le=0.3)
    rim_distance: float = Field(default=10.0, ge=0)
    air_distance: float = Field(default=10.0, ge=0)
    diameter_within: float = Field(default=5.0, gt=0)
    eccentricity_within: float = Field(default=0.02, gt=0)
    water_within: float = Field(default=30.0, gt=0)
    structure_contrast: float = Field(default=4.0, gt=0)
    structure_significance: float = Field(default=6.5, gt=0)
    rim_seen: float = Field(default=0.75, gt=0, le=1)
    most_noise: float = Field(default=60.0, gt=0)


# Limits of constancy of a water phantom; IEC 61223-3-5 is not freely readable, so these are
# proposals to be edited, never a claim of conformity.
EXPECTATIONS: Mapping[str, Expectation] = {
    "mean_ct_number": Expectation(
        reference=0, warning=Tolerance(absolute=2), alarm=Tolerance(absolute=4)
    ),
    "noise": Expectation(learn_from=5, alarm=Tolerance(relative=0.1, absolute=0.2)),
    "uniformity": Expectation(reference=0, alarm=Tolerance(absolute=4)),
}
