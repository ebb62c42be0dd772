"""Dose estimates from irradiation events: tables in, tables out.

``estimate`` runs the dose methods on the events that count; ``reference_levels`` gives the
diagnostic reference levels.  Coefficients are rows of CSV files in ``data/`` with their source.
"""

from __future__ import annotations

from workbench.dose.coefficients import coefficient_sources, reference_levels
from workbench.dose.method import BUILTIN, DoseMethod, estimate

__all__ = ["BUILTIN", "DoseMethod", "coefficient_sources", "estimate", "reference_levels"]
