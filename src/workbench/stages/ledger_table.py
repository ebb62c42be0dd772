"""The table ``ledger``: what the hospital's own file says of the collecting, under pseudonyms."""

from __future__ import annotations

from contextlib import closing

from workbench.collect.queue.hospital_file import FILE as HOSPITAL_FILE
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.schema import LEDGER
from workbench.stages.border import Border
from workbench.store.tables import OvertakenError
from workbench.survey import Survey

MAX_ROUNDS = 20  # in which others may publish theirs first; it is then no older than ours


def publish_rows(survey: Survey, ledger: Ledger, border: Border) -> None:
    """Publish the ledger; where another program was quicker, once more with what is so now."""
    for _ in range(MAX_ROUNDS):
        since = survey.store.version([LEDGER.name])
        try:
            survey.store.publish({LEDGER.name: ledger.table(border)}, since)
        except OvertakenError:
            continue
        return


def publish_ledger(survey: Survey) -> None:
    """Make the table ``ledger`` anew from the hospital's file, where there is one."""
    if not (survey.folder / HOSPITAL_FILE).exists():
        return
    with closing(HospitalFile(survey.folder)) as hospital:
        publish_rows(survey, Ledger(hospital), Border(survey))
