"""The table of reports on a schedule."""

from __future__ import annotations

from workbench.schema.table import Column, Leaving, Table

REPORT_RUN = Table(
    "report_run",
    "One row a time at which a report was due and looked after, and what became of it.",
    ("name", "slot"),
    (
        Column("run_number", "integer", "Number of the run", leaving=Leaving.NEVER),
        Column("name", "text", "Plan, as its table in the settings is named"),
        Column("slot", "moment", "When it was due (UTC)", leaving=Leaving.DAY),
        Column("report", "text", "Report that it makes"),
        Column("state", "text", "running, retry, done or failed"),
        Column("attempt", "integer", "Which try was the last one"),
        Column("skipped", "integer", "Earlier times that nobody ran for", "{count}"),
        Column("started_at", "moment", "Start of the last try (UTC)", leaving=Leaving.DAY),
        Column("ended_at", "moment", "End of the last try (UTC)", leaving=Leaving.DAY),
        Column("retry_at", "moment", "When it is tried again (UTC)", leaving=Leaving.DAY),
        Column("cell", "integer", "Code cell of the report in which it stopped"),
        Column("error_kind", "text", "Kind of the error that ended it"),
        Column("message", "text", "Why it failed, without any value from a header"),
        Column("fingerprint", "text", "Digest of the tables the report read"),
        Column("parameters", "json", "Parameters, with the days that were worked out"),
        Column("file", "text", "Dated copy in the workspace; empty when it is no longer kept"),
        Column("sha256", "text", "Digest of the file"),
        Column("mail_state", "text", "none, wanted, partly or sent"),
        Column(
            "mailed_to", "texts", "Who was sent it, as digests of addresses", leaving=Leaving.NEVER
        ),
    ),
)
