"""A small workspace whose headers are hostile, shared by the tests of what is served."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.report.report_frames import scans
from workbench.survey import create_survey

OWNED = "document.title='owned'"
HOSTILE = (
    f"<script>{OWNED}</script>",
    f"</script><script>{OWNED}</script>",
    f'<img src=x onerror="{OWNED}">',
    f'<img src=http://example.org/x onerror="{OWNED}">',
    f"<svg/onload={OWNED}>",
    f"<svg><script>{OWNED}</script></svg>",
    f'</text></svg><img src=x onerror="{OWNED}">',
    f'<iframe srcdoc="<script>parent.{OWNED}</script>"></iframe>',
    f'<a href="javascript:{OWNED}">x</a>',
    "<meta http-equiv=refresh content='0;url=http://example.org/'>",
    "</style><style>@import 'http://example.org/x.css';</style>",
    "<link rel=stylesheet href=http://example.org/x.css>",
    f'<body onload="{OWNED}">',
    f'<details open ontoggle="{OWNED}">',
    f'<input autofocus onfocus="{OWNED}">',
    f'</option></select><img src=x onerror="{OWNED}">',
    f"&lt;img src=x onerror={OWNED}&gt;",
    f'{{{{constructor.constructor("{OWNED}")()}}}}',
    f"`${{{OWNED}}}`\\u003cscript>{OWNED}//",
    f'"\'><object data="javascript:{OWNED}"></object>\nsecond line\u2028',
)
REPORT = """<!doctype html><html><head><title>Doses &amp; more</title></head><body>
<p class="lead">23 events of 18 patients.</p><script>document.title='owned'</script></body></html>
"""


def harmless(number: int = 24) -> pl.DataFrame:
    """Return the scans of two scanners: adults' and a child's chests, heads, topograms."""
    chests = [{"ctdi_vol_mgy": 5.0 + n / 4, "dlp_mgy_cm": 200.0 + 9 * n} for n in range(number)]
    head = {"body_region": "head", "protocol": "Brain", "ctdi_phantom_cm": 16,
            "ctdi_vol_mgy": 52.0, "dlp_mgy_cm": 880.0}  # fmt: skip
    return scans(
        *chests,
        {"patient_age_years": 7.0, "ctdi_vol_mgy": 2.5},
        head,
        {"localizer": True, "ctdi_vol_mgy": 0.1, "dlp_mgy_cm": 4.0},
        {"body_region": "phantom_qa", "protocol": "QA water"},
        {**head, "model": "Other"},
    )


def hostile() -> pl.DataFrame:
    """Return one scan a payload, with it wherever a header's text is shown."""
    names = ("protocol", "manufacturer", "model", "station", "body_region")
    return scans(*(dict.fromkeys(names, text) for text in HOSTILE))


def make_workspace(folder: Path, events: pl.DataFrame | None = None) -> Path:
    """Make a workspace with these events and one report."""
    survey = create_survey(folder)
    if events is not None:
        survey.store.publish({"irradiation_event": events})
    survey.close()
    reports = folder / "reports"
    reports.mkdir()
    (reports / "doses.html").write_text(REPORT, encoding="utf-8")
    return folder
