"""The section of test profiles: read, edit, keep as a new version."""

from __future__ import annotations

from markupsafe import Markup

from workbench.qa.geometry import geometry_names
from workbench.qa.profiles import profile_of
from workbench.qa.registry import qa_tests
from workbench.rights import Right
from workbench.stages.quality.new_profile import new_profile, profile_text
from workbench_widgets.pages.quality.state import OnDesk
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Field,
    Form,
    Outcome,
    card,
    join,
    said,
    table,
)

HEADS = ("Test profile", "#Version", "Test", "Phantom", "Station", "#Every (days)", "")
VERSION_HEADS = ("#Version", "Made (UTC)", "By", "Why", "SHA-256")


class ProfilesPanel:
    """Test profiles."""

    name, title = "profiles", "Profiles"
    right = Right.LOOK
    needs = dict.fromkeys(("edit", "new", "keep-profile", "away"), Right.DECIDE)

    def __init__(self, on: OnDesk) -> None:
        self._on = on
        self._chosen, self._version = "", 0
        self._text = ""
        self._problem = ""

    def html(self) -> Markup:
        """Return the section."""
        kept = self._on.desk.quality.profiles()
        rows = (
            (
                profile.name, profile.version, profile.content["test"], profile.content["phantom"],
                profile.content["station"], profile.content.get("interval_days") or "–",
                Button("Edit", "edit", profile.name, label=f"Edit {profile.name}"),
            )
            for profile in kept
        )  # fmt: skip
        return join((
            self._editor(),
            card("Test profiles", table(HEADS, rows, "Test profiles", "There is none yet.")),
            self._new(),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Edit, begin, keep."""
        if ask.name == "edit":
            kept = self._on.desk.profile(ask.values.get("value", ""))
            self._chosen, self._version, self._problem = kept.name, kept.version, ""
            self._text = profile_text(profile_of(kept.content))
            return Outcome("")
        if ask.name == "new":
            header = self._on.images[0].header if self._on.images else None
            self._chosen, self._version, self._problem = "", 0, ""
            self._text = new_profile(ask.text("test"), ask.text("phantom"), header)
            return Outcome("")
        if ask.name == "keep-profile":
            return self._keep(ask)
        if ask.name == "away":
            self._text = ""
            return Outcome("")
        return None

    def _keep(self, ask: Ask) -> Outcome:
        self._on.by = ask.text("by")
        kept = self._on.desk.save_profile(
            ask.values.get("text", ""), self._on.name(), ask.text("reason"),
            (self._chosen, self._version),
        )  # fmt: skip
        self._text = ""
        return Outcome(f"Test profile {kept.name!r} is kept as version {kept.version}.")

    def _editor(self) -> Markup:
        if not self._text:
            return NOTHING
        title = f"Edit {self._chosen}" if self._chosen else "A new test profile"
        versions = (
            (stored.version, f"{stored.made_at:%Y-%m-%d %H:%M}", stored.made_by,
             stored.reason or "–", stored.sha256[:12])
            for stored in self._on.desk.quality.versions(self._chosen)
        )  # fmt: skip
        return card(
            title,
            said("Results keep the version they were judged by: a new one changes nothing of "
                 "the past."),
            Form("profile", (
                Field("text", "Test profile (TOML)", self._text, "file",
                      key=str(hash(self._text))),
                Field("by", "Your name", self._on.by), Field("reason", "Why it is changed"),
            ), (
                ("keep-profile", "Keep as new version"), ("away", "Close without keeping"),
            ), key=self._chosen).__html__(),
            card("Versions", table(VERSION_HEADS, versions, "Versions", "None."))
            if self._chosen else NOTHING,
            kind="wbc-full",
        )  # fmt: skip

    def _new(self) -> Markup:
        tests = [(test.name, test.label) for test in qa_tests()]
        phantoms = [(name, name) for name in geometry_names(self._on.desk.geometry_folders)]
        hint = "filled in from the images shown below" if self._on.images else (
            "show images in the section Measure first, and it is filled in from them"
        )  # fmt: skip
        return card("New test profile", Form("new", (
            Field("test", "QA test", options=tests, hint=hint),
            Field("phantom", "Phantom", options=phantoms),
        ), (("new", "Begin"),)).__html__())  # fmt: skip
