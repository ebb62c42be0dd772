"""Numbers in the docs that look measured and are not, with the reason; words of one line each."""

SETTING = "a limit, not a measurement"
SPREAD = "s is a standard deviation, not a second"
PUBLISHED = "somebody else's published figure, its source beside it"
INPUT = "what is sent or measured on, not what came out"

ALLOWED: dict[str, dict[str, str]] = {
    "burned-in.md": {"20 s or 1 GiB exceeded": SETTING},
    "collect.md": {
        "the collector waits, 15 seconds to 15 minutes": SETTING,
        "the doubled hour lasts 120 minutes": "the clock on the wall, not a measurement",
        "a header above 16 MiB": SETTING,
        "| `answer_s` | 60 |": SETTING,
        "| `retrieve_s` | 1800 |": SETTING,
        "| `stalled_s` | 300 |": SETTING,
        "| `whole_s` | 14400 |": SETTING,
        "| `quiet_s` | 30 |": SETTING,
        "Below 10 GB of free disk": SETTING,
        "below 2 GB it asks": SETTING,
    },
    "columns.md": {"More than 1 % apart": SETTING},
    "control-charts.md": {
        "mean ± 2 s, ± 3 s": SPREAD,
        "limits 3 s √": SPREAD,
        "k = 0.5 s, h = 5 s": SPREAD,
        "step of 1 s | drift of 1 s a year": SPREAD,
        "1 beyond 3 s": SPREAD,
        "1 beyond 2 s": SPREAD,
        "EWMA, weight 0.2, 3 s": SPREAD,
        "beyond 2 s a warning, beyond 3 s an alarm": SPREAD,
        "| 370 |": PUBLISHED,
        "| 22 |": PUBLISHED,
    },
    "deidentify.md": {},
    "dependencies.md": {
        "; 13 MB": "the size of a package, for choosing it",
        "; 35 MB": "the size of a package, for choosing it",
        "; 60 MB": "the size of a package, for choosing it",
        "; 20 MB together": "the size of a package, for choosing it",
        ", 2 MB together": "the size of a package, for choosing it",
        ", 34 MB together": "the size of a package, for choosing it",
    },
    "dose.md": {
        "about 40 %": PUBLISHED,
        "-63 % to +28 %": PUBLISHED,
    },
    "faults.md": {
        "do not end within 15 s of Ctrl-C": SETTING,
        "0xA700 after 10 s": SETTING,
        "A file system of 2 MB": INPUT,
    },
    "headers.md": {
        "32 kB are read": SETTING,
        "12 of 150 elements": INPUT,
        "more than 256 kB": SETTING,
        "1 MiB of runs": SETTING,
        "more than 64 kB of it": SETTING,
        "| 2.5 |": "a value of a header",
    },
    "key.md": {"64 MiB, 3 passes": SETTING, "there are 72 hours": "the law's term"},
    "mail.md": {
        "up to a day, 16 times in all": SETTING,
        "has 7.2 MB, and the mail server takes 5.0 MB": "an example of a message",
    },
    "mapping.md": {
        "2 s) agree": SETTING,
        "pauses for 5 s or more": SETTING,
        "CTDIvol (10 %)": SETTING,
        "than 3 %; a spiral of one slice": SETTING,
    },
    "receive.md": {
        "a PDU of 1 MiB and 20 s, a header of 16 MiB and 64 MiB of headers": SETTING,
        "an object of 2 GiB": SETTING,
        "5 s for the first word, 60 s of silence": SETTING,
        "wait 40 ms an object": "the delayed acknowledgement of TCP in Linux, a constant of it",
        "says 4 GB, one P-DATA PDU of 300 MB": INPUT,
        "1 MB that becomes 1 GB": INPUT,
    },
    "report_schedule.md": {
        "| `tries` | 3 |": SETTING,
        "| `retry_minutes` | 10 |": SETTING,
        "| `catch_up_days` | 31 |": SETTING,
        "| `keep` | 12 |": SETTING,
        "after 15 minutes": SETTING,
        "more than 600 MB": SETTING,
    },
    "reports.md": {
        "600 s a cell": SETTING,
        "or more than 4 GB, is ended": SETTING,
        "look for such rows every 2 s": SETTING,
        "the report after 5 s": SETTING,
        "looks 15 minutes later": SETTING,
    },
    "security.md": {"64 MiB of header, 16 MiB over the network": SETTING},
    "serve.md": {
        "refuses it 4 GB more than that, and 64 MB a processor": SETTING,
        "after 20 s it says": SETTING,
        "idle for 20 min": SETTING,
        "20 minutes. A kernel": SETTING,
        "(more than 50 MB)": SETTING,
    },
    "simulate.md": {"0.575 × table feed": "a coefficient of the simulation"},
    "store.md": {
        "after 5 s it says so, Ctrl-C ends it": SETTING,
        "A page waits 10 s": SETTING,
        "refused with 0xA700 after 10 s": SETTING,
        "up to ten minutes, told after 5 s": SETTING,
        "rows of 12 kB of JSON": INPUT,
    },
    "tags.md": {
        "| null | null | 0 |": "a count of the example",
        "| `[]` | 0 |": "a count of the example",
        "| `[1.5]` | 0 |": "a count of the example",
        "| `[null]` | 1 |": "a count of the example",
    },
    "up.md": {
        "2, 4, 8 ... 60 seconds": SETTING,
        "the others have 30 seconds": SETTING,
        "all end within 5 seconds": SETTING,
        "after 5, 10, ... 60 minutes": SETTING,
    },
    "verify.md": {
        "a member over 256 MB": SETTING,
        "members or 64 GB of an archive": SETTING,
        "97.91 to 99.93 % of its actions": PUBLISHED,
    },
}
