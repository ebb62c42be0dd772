"""The clock on the hospital's wall, also while the settings of the schedule are wrong."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from workbench.collect.desk import Desk
from workbench.collect.schedule import zone_named
from workbench.collect.timetable import local_zone
from workbench.errors import SettingsError


def wall(desk: Desk) -> ZoneInfo:
    """Return the zone of the schedule, this machine's where the schedule cannot be read."""
    try:
        return desk.timetable().query.zone
    except SettingsError:
        return zone_named(local_zone())
