"""The pages: dashboards run by Voila, finished reports, and an index of both.

Everything is served to this machine only, behind a token that is new with every start.
"""

from workbench.report import fastimport

fastimport.skip_iri_grammar()
