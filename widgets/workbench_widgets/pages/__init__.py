"""Pages: one folder for each page that a person opens."""
