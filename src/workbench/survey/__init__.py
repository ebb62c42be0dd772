"""What an epidemiologist opens: the tables of a survey as polars frames."""

from workbench.survey.grouping import age_band, protocol_key
from workbench.survey.survey import KEY_FILE, Survey
from workbench.survey.workspace import NEW_SURVEY, create_survey, open_survey

__all__ = [
    "KEY_FILE",
    "NEW_SURVEY",
    "Survey",
    "age_band",
    "create_survey",
    "open_survey",
    "protocol_key",
]
