"""Collecting: ask a PACS for patients, have it send their studies, take what arrives.

``query`` asks (C-FIND), ``retrieve`` orders (C-MOVE), ``receiver`` takes (C-STORE), ``patients``
is the loop over a list of patients that judges completeness by what arrived.  ``network``
holds what all four share: bounds, time-outs and a quiet log.
"""

import workbench.dicom  # noqa: F401 - pydicom is set up before anything here reads
