"""Water phantoms drawn with known values: how many of these the measurement gives back.

Position, offset, noise and size are drawn by lot.  A mean may be off by five standard errors of
its pixels and the rounding to whole numbers; so may the noise.
"""

from __future__ import annotations

import math
import random

from workbench.qa.ct.water import CTWater
from workbench.qa.ct.water_settings import WaterSettings
from workbench.qa.geometry import geometry
from workbench.simulate.phantom_images import PhantomScan, phantom_image

PHANTOMS, SEED = 40, 1
DIAMETER, AIR, FIELD, REGION = 200.0, -1000.0, 250.0, 40.0  # mm, HU, mm, mm


def drawn(chance: random.Random, seed: int) -> PhantomScan:
    """Return a scan drawn by lot."""
    return PhantomScan(
        size=chance.choice((256, 512)), x=chance.uniform(-10, 10), y=chance.uniform(-10, 10),
        offset=chance.uniform(-15, 15), noise=chance.uniform(1, 20), seed=seed,
    )  # fmt: skip


def expected(scan: PhantomScan) -> dict[str, tuple[float, float]]:
    """Return what must come out of a scan, and by how much it may be off."""
    pixels = math.pi * (REGION * scan.size / FIELD) ** 2
    error = 5 / math.sqrt(2 * pixels) + 0.02
    return {
        "mean_ct_number": (scan.offset, 5 * scan.noise / math.sqrt(pixels) + 0.1),
        "noise": (scan.noise, max(scan.noise * error, 0.1)),
        "ct_number_air": (AIR, 3.0),
        "phantom_diameter": (DIAMETER, 0.5),
    }


def known_values(phantoms: int = PHANTOMS) -> tuple[int, int]:
    """Return how many values came out as they were drawn, and how many there are."""
    water, test, settings = geometry("ct_water_200"), CTWater(), WaterSettings()
    chance = random.Random(SEED)
    good = of = 0
    for number in range(phantoms):
        scan = drawn(chance, number)
        measured = test.measure([phantom_image(water, scan)], water, settings)
        found = {one.name: one.value for one in measured}
        for name, (truth, within) in expected(scan).items():
            value = found.get(name)
            good += value is not None and abs(value - truth) <= within
            of += 1
    return good, of


def main() -> None:
    """Print the count."""
    good, of = known_values()
    print(f"{good} of {of} values of {PHANTOMS} drawn water phantoms within their uncertainty")


if __name__ == "__main__":
    main()
