"""Keep pydicom from quoting header values while it reads."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import config


@contextmanager
def quiet() -> Iterator[None]:
    """Let pydicom read without judging values, and without quoting them aloud.

    Its warnings and log records hold header values.  They are silenced for good, not only inside:
    a filter that is set and reset is not safe when several threads receive.
    """
    logging.getLogger("pydicom").addFilter(_say_nothing)
    warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
    with config.disable_value_validation():
        yield


def _say_nothing(_record: logging.LogRecord) -> bool:
    return False
