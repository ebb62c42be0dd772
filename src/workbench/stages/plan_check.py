"""Whether the plans of reports can be carried out: each is tried out for its next time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import SettingsError
from workbench.plans.report_plan import ReportPlan, read_plans
from workbench.plans.slot_dates import worked_out
from workbench.report.notebooks import checked_parameters, default_parameters, read_notebook
from workbench.settings import FILE
from workbench.stages.reporting import TEMPLATES
from workbench.survey import Survey


def plan_problems(survey: Survey) -> Iterator[str]:
    """Yield what is wrong with each plan, one sentence with its key and remedy."""
    plans, mistakes = read_plans(survey.settings)
    yield from map(str, mistakes.values())
    for plan in plans.values():
        try:
            slot = plan.times.next_due(datetime.now(UTC)) or datetime.now(UTC)
            planned_parameters(plan, slot, survey.folder)
        except SettingsError as error:
            yield f"[report.{plan.name}] of {FILE}: {error}"


def planned_parameters(plan: ReportPlan, slot: datetime, folder: Path) -> dict[str, object]:
    """Return the parameters of a plan for a slot; raises ``SettingsError``.

    ``folder`` is that of the workspace, which may have report notebooks of its own.
    """
    defaults = default_parameters(read_notebook(plan.report, folder / TEMPLATES))
    day = slot.astimezone(plan.times.calendar.zone).date()
    return checked_parameters(defaults, worked_out(plan.parameters, day, defaults))
