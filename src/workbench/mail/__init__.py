"""Mail of ours: one place for alarms, reports and whatever else is sent to people.

    outcome = Post(settings, folder).send(Letter(subject, lines, identity="..."), recipients)
    outcome.state, outcome.refused, outcome.retry

``letter`` is what is sent, ``smtp_session`` how it is handed to a server, ``mail_refusal`` what
went wrong in words, ``mail_outcome`` what came of it, ``post`` all of it together.
"""

from workbench.mail.letter import Attachment, Letter
from workbench.mail.mail_outcome import MailOutcome, MailState, RefusedRecipient
from workbench.mail.post import Post

__all__ = ["Attachment", "Letter", "MailOutcome", "MailState", "Post", "RefusedRecipient"]
