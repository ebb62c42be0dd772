"""The "?" on a card: what it shows, what to do with it, and what to do when it looks wrong."""

from __future__ import annotations

from markupsafe import Markup

from workbench.help import help_text, rendered
from workbench.language import Words, t


def help_on(name: str, title: Words) -> Markup:
    """Return a card's "?" that opens its help; nothing where there is no text of that name."""
    found = help_text(name) if name else None
    if found is None:
        return Markup("")
    note = Markup("")
    if found.by_site:
        note = Markup("<small>{}</small>").format(t("Written by your site."))
    elif found.problem:
        note = Markup('<small class="wbc-wrong">{}</small>').format(
            t("Your site's own text cannot be read, or is too long: this is ours.")
        )
    return Markup(
        '<details class="wbc-help" data-key="help {}"><summary aria-label="{}" title="{}">?'
        '</summary><div class="wbc-help-text">{}{}</div></details>'
    ).format(name, t("Help: {title}", title=title), t("Help"), rendered(found.markdown), note)
