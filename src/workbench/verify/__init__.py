"""Verification of de-identification: input and output compared, by other code than what made it.

Nothing here imports ``workbench.deidentify``: files are read with pydicom itself, pseudonyms are
recomputed from their published scheme, and what PS3.15 demands is read from data of its own.
"""

import workbench.dicom  # noqa: F401 - pydicom is set up before anything here reads
