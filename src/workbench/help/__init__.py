"""Help in place: two minutes of text for each card of a page, in the language of who reads it.

A text is a file, ``texts/<name>.<language>.md``.  A site's own text goes first: it lies in the
workspace, ``help/<name>.<language>.md`` or ``help/<name>.md``.  What a site wrote is read as text:
its HTML is shown as it stands, links lead to web pages or mail only.
"""

from workbench.help.reading import FOLDER, MAX_BYTES, HelpText, help_names, help_text, of_site
from workbench.help.rendering import MAX_WORDS, rendered

__all__ = [
    "FOLDER",
    "MAX_BYTES",
    "MAX_WORDS",
    "HelpText",
    "help_names",
    "help_text",
    "of_site",
    "rendered",
]
