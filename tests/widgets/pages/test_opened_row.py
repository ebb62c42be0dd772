"""A row of the queue opens to what the PACS told and what came, and names nobody."""

from __future__ import annotations

import re
from pathlib import Path

from tests.stages.test_collecting import at_work, hospital, until
from workbench.collect.queue.patient_queue import PatientState
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.parts.live.live import Ask


def ask(page: CollectorPage, name: str, **values: str) -> str:
    return page.answer(Ask(name, values)).html


def numbers(row: str) -> list[str]:
    return re.findall(r'<td class="number">([^<]*)</td>', row)


def test_a_collected_patient_opens_to_studies_and_series(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=1) as (survey, _, patients):
        page = collector_page(str(survey.folder))
        assert isinstance(page, CollectorPage)
        page.show("queue")
        ask(page, "add", patients=patients[0].patient_id)
        ask(page, "add-confirm")
        assert "has told of no study" in ask(page, "open", value="1")
        with at_work(survey):
            until(lambda: page.desk.queue.states()[PatientState.COMPLETE] == 1)
        shown = ask(page, "look")
        assert 'aria-expanded="true"' in shown
        row, *opened = shown.split('<tr class="wbc-below">')
        expected, here, refused, missing = numbers(row.rpartition("<tr>")[2])[:4]
        assert opened, "the row is open"
        parts = [numbers(line) for line in opened[0].split("<tr>")[2:]]
        study = parts[0]
        assert study[1:] == [expected, here, refused, missing]
        assert int(expected) == int(here) > 0
        assert sum(int(series[2]) for series in parts[1:] if len(series) == 5) >= int(here)
        uids = [row["study_uid"] for row in page.desk.ledger.series()]
        for secret in (patients[0].patient_id, *uids):
            assert secret not in shown
        assert 'aria-expanded="true"' not in ask(page, "open", value="1"), "it closes"
        page.close()
