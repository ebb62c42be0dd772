"""A page of sections in tabs; one is shown, and only that is worked out.

What is asked is done only with the right that the section says it needs, whatever a browser sends;
buttons and forms for what somebody may not do are left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import ipywidgets
from markupsafe import Markup

from workbench.errors import WorkbenchError
from workbench.help import of_site
from workbench.language import Words, data, t
from workbench.rights import Right, rights_here, visitor
from workbench_widgets.parts.download.download import Downloads
from workbench_widgets.parts.live.live import Ask, Live, Reply
from workbench_widgets.parts.panel.panel import Outcome, Panel, join, offering, said
from workbench_widgets.parts.report_link.report_link import report_link

LOGGER = logging.getLogger(__name__)


class TabbedPage(ipywidgets.VBox):  # type: ignore[misc]
    """Sections in tabs, written by Python; ``below`` are widgets that stand under them.

    ``downloads`` is where the sections' files go to the browser; ``above`` stands over the tabs.

    Attributes
    ----------
    live
        The part that is HTML.
    section
        Name of the section shown.
    reports
        The report that is of what a section shows, by the section's name.
    lower
        HTML below the widgets.
    """

    reports: Mapping[str, str] = {}

    def __init__(
        self, title: str, panels: Sequence[Panel], below: Sequence[ipywidgets.Widget] = (),
        downloads: Downloads | None = None, above: Sequence[ipywidgets.Widget] = (),
    ) -> None:  # fmt: skip
        self._title = title
        self._panels = {panel.name: panel for panel in panels}
        self._said = Outcome()
        self.section = panels[0].name
        self.live = Live(self.answer)
        self.lower = Live(self._answer_below)
        handing = [downloads] if downloads else []
        last = [self.lower] if below else []
        super().__init__([*above, self.live, *handing, *below, *last])
        self.add_class("wbc-page")
        self.place()

    def answer(self, ask: Ask) -> Reply:
        """Do what a page asks, and return the page as it is then."""
        reset: tuple[str, ...] = ()
        if ask.name not in ("look", "show") and not self.gone():
            self._said = self._done(ask)
            reset = self._said.reset
        reply = Reply(str(self._html()), reset)
        self.after()
        self.lower.show(str(self._below()))
        return reply

    def _answer_below(self, ask: Ask) -> Reply:
        """Answer what is asked below the widgets: the upper part says what came of it."""
        if ask.name in ("look", "show"):
            return Reply(str(self._below()))
        reply = self.answer(ask)
        self.live.show(reply.html)
        return Reply(str(self._below()), reply.reset)

    def _below(self) -> Markup:
        """Return what stands below the widgets: ``below`` of the panel shown, where it has one."""
        below = getattr(self._panels[self.section], "below", None)
        if below is None or self.gone():
            return Markup("")
        try:
            rights_here().need(self._panels[self.section].right)
            with offering(self.may_ask):
                shown: Markup = below()
        except Exception as error:  # noqa: BLE001  a page that says nothing helps nobody
            return said(sentence(error), "problem")
        return Markup('<div class="wbc-panel">{}</div>').format(shown)

    def gone(self) -> Markup:
        """Return why there is no page any more; empty while there is one."""
        return Markup("")

    def place(self) -> None:
        """Show the widgets that belong to the section, and hide the others."""

    def before(self) -> None:
        """Do what must be done before a section is written."""

    def after(self) -> None:
        """Do what must be done once a section was written."""

    def show(self, section: str) -> None:
        """Show a section by its name."""
        self.section = section
        self.place()

    def _done(self, ask: Ask) -> Outcome:
        if ask.name == "section":
            if ask.text("value") in self._shown():
                self.show(ask.text("value"))
            return Outcome()
        panel = self._panels[self.section]
        try:
            rights_here().need(panel.right)
            rights_here().need(panel.needs.get(ask.name, Right.ADMINISTER))
            done = panel.act(ask)
        except Exception as error:  # noqa: BLE001  a page that says nothing helps nobody
            return Outcome(sentence(error), good=False)
        self.place()
        return done or Outcome()

    def may_ask(self, name: str) -> bool:
        """Say whether somebody may ask the section shown for a thing."""
        needed = self._panels[self.section].needs.get(name, Right.ADMINISTER)
        return name == "section" or rights_here().allow(needed)

    def _shown(self) -> dict[str, Panel]:
        """Return the sections that somebody may see."""
        rights = rights_here()
        return {name: panel for name, panel in self._panels.items() if rights.allow(panel.right)}

    def _html(self) -> Markup:
        if gone := self.gone():
            return gone
        panel = self._panels[self.section]
        self.before()
        try:
            rights_here().need(panel.right)
            with offering(self.may_ask):
                shown = panel.html()
        except Exception as error:  # noqa: BLE001  the tabs stay, and so does the way out
            shown = said(sentence(error), "problem")
        notice = "" if not self._said.text else Markup('<p class="wbc-said {}">{}</p>').format(
            "" if self._said.good else "wbc-problem", self._said.text
        )  # fmt: skip
        return join((
            self._tabs(),
            Markup('<div role="status" class="wbc-told">{}</div>').format(notice),
            Markup('<div role="tabpanel" class="wbc-panel" data-key="{}" aria-label="{}">{}</div>')
            .format(self.section, t(panel.title), shown),
            report_link(self.reports.get(self.section, "")),
        ))  # fmt: skip

    def _tabs(self) -> Markup:
        if len(self._panels) == 1:
            return Markup("")  # there is nothing to choose
        tabs = join(
            Markup(
                '<button type="button" role="tab" data-ask="section" value="{}" '
                'aria-selected="{}" tabindex="{}">{}</button>'
            ).format(
                name, "true" if name == self.section else "false",
                "0" if name == self.section else "-1", t(panel.title),
            )
            for name, panel in self._shown().items()
        )  # fmt: skip
        return Markup('<div role="tablist" class="wbc-tabs" aria-label="{}">{}</div>').format(
            t(self._title), tabs
        )


def opened(
    folder: str, make: Callable[[str], ipywidgets.Widget], expected: tuple[type[Exception], ...],
    right: Right,
) -> ipywidgets.Widget:  # fmt: skip
    """Return the page of a workspace, or one sentence why there is none for this visitor."""
    of_site(folder)
    if not folder:
        return _alone(t("No workspace is chosen. Start with: workbench serve -w W."))
    try:
        visitor().need(right)
        return make(folder)
    except expected as error:
        return _alone(sentence(error))


def _alone(said_instead: Words) -> ipywidgets.Widget:
    return ipywidgets.HTML(str(Markup.escape(said_instead)))


def sentence(error: BaseException) -> Words:
    """Say in one sentence what went wrong; only our own errors are known to hold no name."""
    if isinstance(error, WorkbenchError):
        text = error.words()
        return Words(f"{text[:1].upper()}{text[1:]}")
    if isinstance(error, OSError) and error.strerror:
        return t("A file could not be read or written: {reason}.", reason=data(error.strerror))
    LOGGER.error("a page met an error: %s", type(error).__name__)
    return t("That did not work ({kind}). Run workbench check -w W.",
             kind=data(type(error).__name__))  # fmt: skip
