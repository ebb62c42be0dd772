"""Settings, each with what is wrong beside it, and tests of what they lead to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from markupsafe import Markup

from workbench.collect.filters import SurveyFilter
from workbench.credentials import (
    MAIL_PASSWORD,
    PACS_KEY,
    PACS_TOKEN,
    confirm,
    credentials,
    give_token,
    hold,
)
from workbench.deidentify.patient_clock import PROMISES, Times
from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Marked, Words, capital, data, listed, mark, sentences, t
from workbench.mail.post import check_mail
from workbench.rights import Right
from workbench.settings import FILE, Settings
from workbench.settings_file import read_settings, settings_of
from workbench.stages.connection_test import STEPS, Trial, trial
from workbench.stages.mail_test import mail_server_trial
from workbench.survey import Survey, open_survey
from workbench_widgets.pages.collector.settings_keys import GROUPS, OPTIONS, Key
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    Button,
    Field,
    Form,
    Outcome,
    buttons,
    card,
    facts,
    join,
    said,
)

CREDENTIALS = {"pacs": (PACS_TOKEN, PACS_KEY), "mail": (MAIL_PASSWORD,)}  # by table
GIVES = {"give-key": PACS_KEY, "give-mail": MAIL_PASSWORD}  # what lets each go to an address
FIXED = mark("To change this you need the right to administer.")
TESTS = {
    **dict(zip(("settings", "disk", "echo", "registered", "round-trip"), STEPS, strict=True)),
    "mail": (mark("The mail server answers, and lets us in"), mail_server_trial),
}  # fmt: skip


class SettingsPanel:
    """The fourth section: settings and their tests."""

    name, title = "settings", mark("Settings")
    right = Right.COLLECT
    needs = {  # noqa: RUF012  never changed
        **dict.fromkeys(("test", "save-pacs", "save-collect", "give-token"), Right.COLLECT),
        **dict.fromkeys(("give-key", "give-mail"), Right.ADMINISTER),
        # The title for phantom images, what of the archive is wanted at all, who is told.
        **dict.fromkeys(
            ("save-local", "save-filter", "save-protect", "save-mail"), Right.ADMINISTER
        ),
    }

    def __init__(self, survey: Survey) -> None:
        self._folder = survey.folder
        self._problems: dict[str, Words] = {}
        self._typed: dict[str, str] = {}
        self._results: dict[str, Trial] = {}
        self._work: Future[None] | None = None
        self._testing: frozenset[str] = frozenset()
        self._doing: dict[str, Words] = {}

    def html(self) -> Markup:
        """Return the forms, each with the outcome of its tests."""
        settings = read_settings(self._folder)
        cards = join(self._card(settings, *group) for group in GROUPS)
        return join((
            Markup('<div class="wbc-cards">{}</div>').format(cards),
            buttons(Button(t("Test all"), "test", "all", off=self._busy)),
            said(t("Kept in {file} of the workspace; comments there stay. The collector takes "
                   "changes over with its next patient.", file=data(FILE)), "soft"),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Save one group, or test."""
        if ask.name == "test":
            return self._test(ask.text("value"))
        if ask.name in ("give-token", *GIVES):
            return self._give(ask)
        group = next((group for group in GROUPS if f"save-{group[0]}" == ask.name), None)
        return self._save(group[0], group[2], ask) if group else None

    @property
    def _busy(self) -> bool:
        return self._work is not None and not self._work.done()

    def _card(
        self, settings: Settings, table: str, title: Marked, keys: tuple[Key, ...],
        tests: tuple[str, ...],
    ) -> Markup:  # fmt: skip
        stored = _stored(settings, table)
        shown: dict[Words, Words] = {
            t(key.label): data(key.shown(stored.get(key.key)) or "–") for key in keys
        }
        fixed = join((facts(shown), said(t(FIXED), "soft")))
        form = Form(f"save-{table}", [
            Field(
                key.name, t(key.label), self._typed.get(key.name, key.shown(stored.get(key.key))),
                "text" if key.kind != "number" else "number-text",
                t(key.hint) if key.hint else None,
                self._problems.get(key.name),
                [(value, t(words)) for value, words in OPTIONS.get(key.kind, ())],
            ) for key in keys
        ], ((f"save-{table}", t("Save")),), seen=_fingerprint(stored))  # fmt: skip
        wanted = SurveyFilter.from_settings(settings.filter).sentence()
        more = said(t("Wanted: {filter}.", filter=wanted)) if table == "filter" else Markup("")
        if table == "protect":
            times = Times(settings.protection.times)
            more = said(sentences(
                t(PROMISES[times]), t("Change this before the survey begins only.")
            ))  # fmt: skip
        again = self._again(settings, table)
        results = join(self._result(test) for test in tests)
        return card(
            t(title), form.__html__() or fixed, again, more, results, help_key="collector_settings"
        )

    def _again(self, settings: Settings, table: str) -> Markup:
        """Return what asks for the credentials of a table again whose address has changed."""
        kept = {moved.name: moved for moved in credentials(self._folder, settings) if moved.moved}
        pieces: list[Markup] = []
        for name in CREDENTIALS.get(table, ()):
            if name not in kept:
                continue
            pieces.append(said(_capital(kept[name].sentence), "problem"))
            if name == PACS_TOKEN:
                hint = t("It replaces the one that is kept.")
                field = Field("token", t("The token, for this address"), kind="password", hint=hint)
                form = Form("give-token", (field,), (("give-token", t("Give it")),))
                pieces.append(form.__html__())
            else:
                give = next(ask for ask, given in GIVES.items() if given == name)
                pieces.append(buttons(Button(t("Use it for this address"), give)))
        return join(pieces)

    def _result(self, test: str) -> Markup:
        name = t(TESTS[test][0])
        label = t("Test: {test}", test=name)
        button = Button(t("Test now"), "test", test, off=self._busy, label=label)
        if test in self._testing and self._busy and test not in self._results:
            doing = self._doing.get(test) or t("testing")
            line = Markup('<span class="wbc-soft">{} …</span>').format(capital(doing))
        elif test in self._results:
            result = self._results[test]
            kind, sign = ("good", "✓") if result.passed else ("wrong", "✗")
            verdict = t("passed") if result.passed else t("failed")
            line = Markup('<b class="wbc-{}">{} {}</b> {}').format(kind, sign, verdict, result.text)
        else:
            line = Markup('<span class="wbc-soft">{}</span>').format(t("not tested yet"))
        return Markup(
            '<div class="wbc-test">{}<div><span>{}</span><p role="status">{}</p></div></div>'
        ).format(button.__html__(), name, line)

    # --- saving --------------------------------------------------------------------------------

    def _save(self, table: str, keys: tuple[Key, ...], ask: Ask) -> Outcome:
        """Take over what is right one field after the other; what is wrong is told beside it."""
        tables = _tables(self._folder)
        _check_seen(ask, _stored(read_settings(self._folder), table))
        changed, problems = dict(tables.get(table, {})), dict[str, Words]()
        wanted = {key: ask.text(key.name) for key in keys if key.name in ask.values}
        for key, text in wanted.items():
            try:
                tried = {**changed, **_told(key, text)}
                if not text:
                    tried.pop(key.key, None)
                if table != "pacs" or wanted_title(tried):
                    _checked({**tables, table: tried})
                changed = tried
            except WorkbenchError as error:
                problems[key.name] = capital(error.words())
        settings = None
        if not problems:
            try:
                settings = _checked({**tables, table: changed})
            except WorkbenchError as error:
                problems[keys[0].name] = capital(error.words())
        self._problems = {
            name: text for name, text in self._problems.items() if not name.startswith(f"{table}.")
        } | problems  # fmt: skip
        if settings is None:
            self._typed |= {key.name: text for key, text in wanted.items()}
            return Outcome(t("Nothing was saved: see what is wrong beside the fields."), good=False)
        for key in wanted:
            self._typed.pop(key.name, None)
        # First what each credential is for: it must not go along with a changed address.
        hold(self._folder, read_settings(self._folder))
        settings.write(self._folder)
        held = [kept.sentence for kept in credentials(self._folder, settings) if kept.moved]
        text = t("Saved. Test it now.")
        if held:
            moved = listed(held, t("; and "))
            text = t("Saved. But {moved}: give it again below.", moved=moved)
        return Outcome(text, good=not held, reset=(f"save-{table}",))

    def _give(self, ask: Ask) -> Outcome:
        settings = read_settings(self._folder)
        if ask.name == "give-token":
            given = give_token(self._folder, settings, ask.values.get("token", ""))
        else:
            given = confirm(self._folder, settings, GIVES[ask.name])
        return Outcome(
            t("It may go to {address} now. Test it.", address=data(given.address)),
            reset=("give-token",),
        )

    # --- testing -------------------------------------------------------------------------------

    def _test(self, which: str) -> Outcome:
        tests = frozenset({which}) & frozenset(TESTS)
        if which == "all":
            mail = read_settings(self._folder).mail.server
            tests = frozenset(TESTS) - (frozenset() if mail else {"mail"})
        if not tests or self._busy:
            return Outcome(t("A test is running; wait for its end."), good=False)
        self._testing = tests
        self._results = {
            name: result for name, result in self._results.items() if name not in tests
        }
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trial")
        self._work = worker.submit(self._try, tests)
        worker.shutdown(wait=False)
        return Outcome(Words(""))

    def _try(self, tests: frozenset[str]) -> None:
        survey = open_survey(self._folder)
        try:
            for name, (words, step) in TESTS.items():
                if name in tests:
                    self._doing.pop(name, None)
                    say = partial(self._doing.__setitem__, name)
                    self._results[name] = trial(words, step, survey, say)
        finally:
            survey.close()


def _stored(settings: Settings, table: str) -> Mapping[str, Any]:
    part = getattr(settings, table)
    if part is None:
        return {}
    return part if isinstance(part, Mapping) else vars(part)


def _fingerprint(stored: Mapping[str, Any]) -> str:
    return sha256(repr(sorted(stored.items())).encode()).hexdigest()[:16]


def _check_seen(ask: Ask, stored: Mapping[str, Any]) -> None:
    """Raise ``SettingsError`` where these settings are others by now than those shown."""
    if ask.text("seen") not in ("", _fingerprint(stored)):
        raise SettingsError(
            "these settings were changed on another page meanwhile; nothing was saved.",
            "Your text is still in the fields, the other values are new. Look, then save again.",
        )


def _tables(folder: Path) -> dict[str, Any]:
    """Return the tables as they stand in the file now; raises ``SettingsError``."""
    read_settings(folder)
    return tomllib.loads((folder / FILE).read_text("utf-8"))


def wanted_title(table: Mapping[str, Any]) -> bool:
    """Whether a ``[pacs]`` that is being filled in has come to its title."""
    return bool(table.get("title"))


def _told(key: Key, text: str) -> dict[str, object]:
    value = key.read(text)
    return {} if value is None else {key.key: value}


def _checked(tables: Mapping[str, Any]) -> Settings:
    settings = settings_of(tables)
    SurveyFilter.from_settings(settings.filter)
    check_mail(settings.mail)
    return settings


def _capital(text: Words) -> Words:
    return t("{sentence}.", sentence=capital(text))
