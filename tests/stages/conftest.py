"""Fixtures that tests of several rooms share."""

from tests.mapping.conftest import cases, new_cases  # noqa: F401
