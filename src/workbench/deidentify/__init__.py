"""What leaves the hospital, and under which names.

``profile`` says which attributes stay, ``pseudonym`` and ``key`` give patients and UIDs other
names, ``engine`` applies both to one data set; ``descriptors`` cleans free text and
``structured`` decides about the content of dose reports.  ``docs/deidentify.md`` says in plain
words what is promised and what is not.
"""

import workbench.dicom  # noqa: F401 - pydicom is set up before anything here reads
