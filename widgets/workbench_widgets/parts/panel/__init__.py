"""The pieces a panel is built of."""
