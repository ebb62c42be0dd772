"""How this process uses pydicom: it judges no values while it reads, and quotes none aloud."""

from __future__ import annotations

import logging
import warnings

from pydicom import config

MODULES = r"pydicom(\.|$)"


def quiet_pydicom() -> None:
    """Let pydicom read without judging values, and without quoting them; once for the process.

    pydicom's settings, warnings and log are the process's, and a setting that is changed and
    changed back is not safe when several threads read.  So this is done when ``workbench.dicom``
    is imported, and never undone.  For others in the same process, a notebook say, it means:

    - pydicom no longer warns of values that their representation forbids, neither when it reads
      nor when an element is made (``settings.reading_validation_mode`` is ``IGNORE``);
    - what it warns of and logs is not shown, for it holds values of headers;
    - ``settings.writing_validation_mode`` and everything else are as they were.

    Whoever reads or treats a header calls this first, because others may have set a filter of
    their own meanwhile: it does nothing where all is as it should be.
    """
    config.settings.reading_validation_mode = config.IGNORE
    logging.getLogger("pydicom").addFilter(_say_nothing)
    if not _first_filter_is_ours():
        warnings.filterwarnings("ignore", module=MODULES)


def _first_filter_is_ours() -> bool:
    action, _, _, module, _ = warnings.filters[0] if warnings.filters else ("",) * 5
    return action == "ignore" and getattr(module, "pattern", "") == MODULES


def _say_nothing(_record: logging.LogRecord) -> bool:
    return False
