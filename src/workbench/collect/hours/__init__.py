"""When the PACS may be asked: a week of hours, as settings and in words."""
