"""A small hospital with known doses, and peers that behave and misbehave like real ones.

``hospital.simulate_hospital`` makes it, ``bundled.bundled_files`` lists real files beside it.
"""

import workbench.dicom  # noqa: F401 - pydicom is set up before anything here reads
