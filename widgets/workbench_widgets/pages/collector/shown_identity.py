"""The hospital's own ID of one patient, shown for a minute to who may administer and is named.

It is logged before it is shown: what cannot be logged is not shown.  The ID travels as a message
only, is part of no widget state, and leaves the page after the minute, there by the page itself.
"""

from __future__ import annotations

import time

from markupsafe import Markup

from workbench.collect.queue.overview import Desk
from workbench.errors import SettingsError
from workbench.language import Saying, Words, data, mark, t
from workbench.rights import Right, rights_here
from workbench_widgets.parts.panel.panel import NOTHING, Field, Form, Outcome, said

SHOW_ID = "show-id"
SHOWN_S = 60
MAX_NAME = 64  # characters
LOGGED = mark("{by} had the hospital's own ID of patient {number} shown for a minute.")


class ShownIdentity:
    """At most one ID is shown at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._number, self._until = 0, 0.0

    def show(self, number: int, by: str) -> Outcome:
        """Log who looks, then show; raises ``RightsError`` or ``SettingsError``."""
        self._number = 0
        rights_here().need(Right.ADMINISTER)
        if not by or len(by) > MAX_NAME or not by.isprintable():
            raise SettingsError(
                "who wants to see it?", "Write your name: it is kept in the log beside the number."
            )
        self._desk.hospital.sealed  # noqa: B018  a locked key shows nothing: nothing is logged
        said_ = Saying(LOGGED, by=by, number=number)
        self._desk.control.tell(said_, "warning")
        newest = self._desk.control.events(1)
        if not newest or newest[0]["said"] != said_:
            raise SettingsError("that could not be logged, and is not shown.", "Try it again.")
        self._number, self._until = number, time.monotonic() + SHOWN_S
        return Outcome(Words(""), reset=(SHOW_ID,))

    def html(self, number: int) -> Markup:
        """Return the ID while it may be seen, else the form that asks for it."""
        if self._number == number and time.monotonic() < self._until:
            return self._identity(number)
        self._number = 0
        return Form(SHOW_ID, (
            Field("by", t("Your name"), hint=t("It is kept in the log, with the number and time.")),
        ), ((SHOW_ID, t("Show the hospital's own ID for a minute")),), seen=str(number),
            key=str(number)).__html__()  # fmt: skip

    def _identity(self, number: int) -> Markup:
        try:
            rights_here().need(Right.ADMINISTER)
            patient = self._desk.queue.listed(number)
        except KeyError:
            return NOTHING
        issuer = (
            t("issued by {issuer}", issuer=data(patient.issuer)) if patient.issuer else Words("")
        )
        return Markup('<p data-fades="{}">{} <code>{}</code> {}</p>').format(
            SHOWN_S, t("The hospital's own ID, for a minute:"), patient.patient_id, issuer
        ) + said(t("This was logged."), "soft")
