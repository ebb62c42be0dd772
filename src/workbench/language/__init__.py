"""The one door for texts that people read: English in the code, other languages in catalogues.

>>> from workbench.language import n, t
>>> t("{done} of {total} complete", done=3, total=7)
'3 of 7 complete'
>>> n("one patient", "{count} patients", 2)
'2 patients'

What a page or a report shows is ``Words``: only this package makes them, so that a type checker
refuses a bare string.  A text that is defined at import is marked, and translated where it is
shown.  What comes from headers, files or people is ``data``: it stays as it is.  Texts name their
values as ``{places}``; f-strings cannot be extracted.  docs/translate.md tells how a language is
added.
"""

from workbench.language.choice import best_language, current_language, settle_language, use_language
from workbench.language.formats import (
    clock,
    day,
    day_pattern,
    figures,
    long_weekday,
    moment,
    moment_pattern,
    number,
    significant,
    weekday,
)
from workbench.language.markdown import markdown
from workbench.language.saying import (
    NOTHING_SAID,
    Figures,
    Saying,
    as_json,
    day_and_clock,
    texts_of,
    worded,
    words_of,
)
from workbench.language.texts import (
    Marked,
    Words,
    capital,
    data,
    html,
    listed,
    mark,
    n,
    sentences,
    t,
)

__all__ = [
    "NOTHING_SAID",
    "Figures",
    "Marked",
    "Saying",
    "Words",
    "as_json",
    "best_language",
    "capital",
    "clock",
    "current_language",
    "data",
    "day",
    "day_and_clock",
    "day_pattern",
    "figures",
    "html",
    "listed",
    "long_weekday",
    "mark",
    "markdown",
    "moment",
    "moment_pattern",
    "n",
    "number",
    "sentences",
    "settle_language",
    "significant",
    "t",
    "texts_of",
    "use_language",
    "weekday",
    "worded",
    "words_of",
]  # fmt: skip
