"""The settings that the collector's page offers: tables, keys, what each may be."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import SettingsError
from workbench.language import Marked, Saying, mark, t

RETRIEVE = (
    ("move", mark("C-MOVE to our receiver")), ("get", mark("C-GET")),
    ("web", mark("DICOMweb (QIDO, WADO)")),
)  # fmt: skip
TIMES = (
    ("", mark("as the survey began")), ("hour", mark("true to about an hour")),
    ("exact", mark("exact")), ("removed", mark("removed")),
)  # fmt: skip
TO = mark("to")  # between two ends
SECURITY = (
    ("starttls", mark("by STARTTLS (often port 587)")),
    ("tls", mark("from the start (often port 465)")), ("none", mark("not encrypted")),
)  # fmt: skip
SWITCH = (("", mark("as usual")), ("yes", mark("yes")), ("no", mark("no")))
OPTIONS = {
    "retrieve": RETRIEVE, "times": TIMES, "security": SECURITY, "switch": SWITCH,
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """A key of the settings file as the page offers it.

    ``kind`` is text, number, retrieve, times, security, switch (yes or no), words (a list) or pair
    (two ends).
    """

    table: str
    key: str
    label: Marked
    kind: str = "text"
    hint: Marked | None = None

    @property
    def name(self) -> str:
        """Its name in the form."""
        return f"{self.table}.{self.key}"

    def shown(self, value: object) -> str:
        """Return a value as the field shows it."""
        if value is None:
            return ""
        if isinstance(value, list | tuple):
            between = f" {t(TO)} " if self.kind == "pair" else ", "
            return between.join(_plain(part) for part in value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return _plain(value)

    def read(self, text: str) -> object:
        """Return what a text means in the file; ``None`` for what shall not stand there."""
        if not text:
            return None
        if self.kind == "number":
            return _number(text)
        if self.kind == "switch":
            return text == "yes"
        if self.kind == "words":
            return [word.strip() for word in text.split(",") if word.strip()]
        if self.kind == "pair":
            # The word of the language, or the English one.
            to = next((word for word in (str(t(TO)), str(TO)) if word in text), "")
            if not to:
                hint = Saying(self.hint or "")
                raise SettingsError("two ends are needed.", "For example {hint}.", hint=hint)
            first, _, last = (part.strip() for part in text.partition(to))
            dates = self.key == "study_date"
            return [end if dates else _number(end) for end in (first, last)]
        return text


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(text: str) -> float | int:
    try:
        value = float(text)
    except ValueError as error:
        raise SettingsError("that is not a number.") from error
    return int(value) if value == int(value) else value


GROUPS: tuple[tuple[str, Marked, tuple[Key, ...], tuple[str, ...]], ...] = (
    ("local", mark("Our receiver"), (
        Key("local", "title", mark("AE title"),
            hint=mark("The PACS must know it: 1 to 16 characters.")),
        Key("local", "host", mark("Address"), hint=mark("As the PACS reaches this computer.")),
        Key("local", "port", mark("Port"), "number"),
        Key("local", "phantom_title", mark("AE title for phantom images"),
            hint=mark("Images sent to it are kept whole, with all names in them: phantoms only.")),
    ), ("round-trip",)),
    ("pacs", mark("PACS"), (
        Key("pacs", "title", mark("AE title")),
        Key("pacs", "host", mark("Address")),
        Key("pacs", "port", mark("Port"), "number"),
        Key("pacs", "retrieve", mark("Fetch by"), "retrieve"),
        Key("pacs", "url", mark("DICOMweb address"), hint=mark("Only for DICOMweb.")),
    ), ("echo", "registered")),
    ("collect", mark("Pace"), (
        Key("collect", "pause_s", mark("Pause between two patients (s)"), "number"),
        Key("collect", "quiet_s", mark("Give a study up after so long without an object (s)"),
            "number"),
        Key("collect", "tries", mark("Tries of a patient"), "number"),
        Key("collect", "retry_minutes", mark("Minutes to the second try"), "number",
            mark("Doubled with each further one.")),
        Key("collect", "dose_when_complete", mark("Map and dose by itself"), "switch",
            mark("As soon as a patient has come; as usual is yes.")),
    ), ("disk",)),
    ("filter", mark("What is wanted"), (
        Key("filter", "modalities", mark("Modalities"), "words",
            mark("For example CT, SR. Empty: all.")),
        Key("filter", "study_date", mark("Study dates"), "pair",
            mark("2020-01-01 to 2024-12-31")),
        Key("filter", "age_years", mark("Age at the study, years"), "pair",
            mark("0 to 18")),
    ), ("settings",)),
    ("mail", mark("Mail"), (
        Key("mail", "server", mark("Mail server"),
            hint=mark("Host and port: mail.hospital.example:587. Empty: nothing is sent.")),
        Key("mail", "security", mark("Encrypted"), "security"),
        Key("mail", "sender", mark("Sender's address")),
        Key("mail", "user", mark("User of the mail server"),
            hint=mark("Where it asks for one; the password stands in a file of the workspace.")),
    ), ("mail",)),
    ("protect", mark("What leaves"), (
        Key("protect", "times", mark("Times of day"), "times",
            hint=mark("The survey's profile may be stricter.")),
    ), ()),
)  # fmt: skip
