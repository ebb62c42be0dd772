"""The clock on the hospital's wall, also while the settings of the schedule are wrong."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from workbench.collect.queue.overview import Desk
from workbench.errors import SettingsError
from workbench.hospital_calendar import local_zone, zone_named


def wall(desk: Desk) -> ZoneInfo:
    """Return the zone of the schedule, this machine's where the schedule cannot be read."""
    try:
        return desk.timetable().query.zone
    except SettingsError:
        return zone_named(local_zone())
