"""Send one letter to see whether mail arrives, by the way that alarms and reports take."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import SettingsError
from workbench.language import data, t, use_language
from workbench.mail import Letter, MailOutcome, Post
from workbench.settings import Settings


def send_test_mail(settings: Settings, folder: Path, to: str) -> MailOutcome:
    """Send a letter to an address; raises ``SettingsError`` where ``[mail]`` is wrong."""
    post = ready_post(settings, folder)
    with use_language(settings.server.language):
        letter = Letter(
            t("Workbench: a test of mail"),
            [t("This letter was sent to test the mail server of Workbench."),
             t("Survey: {survey}", survey=data(settings.survey.name)),
             t("Nothing needs to be done.")],
        )  # fmt: skip
    return post.send(letter, [to])


def ready_post(settings: Settings, folder: Path) -> Post:
    """Return how mail is sent; raises ``SettingsError`` where no server is set."""
    post = Post(settings, folder)
    if not post.ready:
        raise SettingsError("no mail server is set.", 'Set server = "host:port" of [mail].')
    return post
