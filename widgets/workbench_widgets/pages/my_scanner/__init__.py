"""The dashboard My scanner."""
