"""The "?" on a card."""
