"""The section of test profiles: read, edit, keep as a new version."""

from __future__ import annotations

from markupsafe import Markup

from workbench.language import Words, data, mark, moment, number, t
from workbench.qa.geometry import geometry_names
from workbench.qa.profiles import profile_of
from workbench.qa.registry import qa_tests
from workbench.rights import Right
from workbench.stages.quality.new_profile import new_profile, profile_text
from workbench_widgets.pages.quality.shown_results import of_numbers
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


class ProfilesPanel:
    """Test profiles."""

    name, title = "profiles", mark("Profiles")
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
                data(profile.name), profile.version,
                *(data(profile.content[name]) for name in ("test", "phantom", "station")),
                number(days) if (days := profile.content.get("interval_days")) else "–",
                Button(t("Edit"), "edit", profile.name,
                       label=t("Edit {name}", name=data(profile.name))),
            )
            for profile in kept
        )  # fmt: skip
        heads = (t("Test profile"), of_numbers(t("Version")), t("Test"), t("Phantom"),
                 t("Station"), of_numbers(t("Every (days)")), Words(""))  # fmt: skip
        return join((
            self._editor(),
            card(t("Test profiles"),
                 table(heads, rows, t("Test profiles"), t("There is none yet.")),
                 help_key="quality_profiles"),
            self._new(),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Edit, begin, keep."""
        if ask.name == "edit":
            kept = self._on.desk.profile(ask.values.get("value", ""))
            self._chosen, self._version, self._problem = kept.name, kept.version, ""
            self._text = profile_text(profile_of(kept.content))
            return Outcome()
        if ask.name == "new":
            header = self._on.images[0].header if self._on.images else None
            self._chosen, self._version, self._problem = "", 0, ""
            self._text = new_profile(ask.text("test"), ask.text("phantom"), header)
            return Outcome()
        if ask.name == "keep-profile":
            return self._keep(ask)
        if ask.name == "away":
            self._text = ""
            return Outcome()
        return None

    def _keep(self, ask: Ask) -> Outcome:
        self._on.by = ask.text("by")
        kept = self._on.desk.save_profile(
            ask.values.get("text", ""), self._on.name(), ask.text("reason"),
            (self._chosen, self._version),
        )  # fmt: skip
        self._text = ""
        return Outcome(t("Test profile {name} is kept as version {version}.",
                         name=data(repr(kept.name)), version=kept.version))  # fmt: skip

    def _editor(self) -> Markup:
        if not self._text:
            return NOTHING
        title = (
            t("Edit {name}", name=data(self._chosen)) if self._chosen else t("A new test profile")
        )
        versions = (
            (stored.version, moment(stored.made_at), data(stored.made_by),
             data(stored.reason or "–"), data(stored.sha256[:12]))
            for stored in self._on.desk.quality.versions(self._chosen)
        )  # fmt: skip
        heads = (of_numbers(t("Version")), t("Made (UTC)"), t("By"), t("Why"), data("SHA-256"))
        return card(
            title,
            said(t("Results keep the version they were judged by: a new one changes nothing of "
                   "the past.")),
            Form("profile", (
                Field("text", t("Test profile (TOML)"), self._text, "file",
                      key=str(hash(self._text))),
                Field("by", t("Your name"), self._on.by), Field("reason", t("Why it is changed")),
            ), (
                ("keep-profile", t("Keep as new version")), ("away", t("Close without keeping")),
            ), key=self._chosen).__html__(),
            card(t("Versions"), table(heads, versions, t("Versions"), t("None.")),
                 help_key="quality_versions")
            if self._chosen else NOTHING,
            kind="wbc-full", help_key="quality_profile_edit",
        )  # fmt: skip

    def _new(self) -> Markup:
        tests = [(test.name, t(test.label)) for test in qa_tests()]
        phantoms = [(name, data(name)) for name in geometry_names(self._on.desk.geometry_folders)]
        hint = (
            t("filled in from the images shown below")
            if self._on.images
            else t("show images in the section Measure first, and it is filled in from them")
        )
        return card(t("New test profile"), Form("new", (
            Field("test", t("QA test"), options=tests, hint=hint),
            Field("phantom", t("Phantom"), options=phantoms),
        ), (("new", t("Begin")),)).__html__(), help_key="quality_new_profile")  # fmt: skip
