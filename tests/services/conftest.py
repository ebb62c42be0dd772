"""Fixtures that tests of several rooms share."""

from tests.deidentify.conftest import in_memory  # noqa: F401
