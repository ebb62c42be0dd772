"""The way from a page to the report of what it shows."""
