"""Send one letter to see whether mail arrives, by the way that alarms and reports take."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import SettingsError
from workbench.language import Words, data, t, use_language
from workbench.mail import Letter, MailOutcome, Post
from workbench.settings import Settings
from workbench.survey import Survey


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


def mail_server_trial(survey: Survey, _: object = None) -> Words:
    """Go as far as the log-in and send nothing; raises ``WorkbenchError`` with the remedy."""
    mail = survey.settings.mail
    ready_post(survey.settings, survey.folder).try_server()
    if not mail.user:
        return t("It answers. It is sent no password.")
    return t("It answers, and takes user and password.")


def ready_post(settings: Settings, folder: Path) -> Post:
    """Return how mail is sent; raises ``SettingsError`` where no server is set."""
    post = Post(settings, folder)
    if not post.ready:
        raise SettingsError("no mail server is set.", 'Set server = "host:port" of [mail].')
    return post
