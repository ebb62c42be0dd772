"""From several irradiation events to one of them, its sources and the header behind it."""

from workbench_widgets.parts.event_trail.event_trail import EventTrail

__all__ = ["EventTrail"]
