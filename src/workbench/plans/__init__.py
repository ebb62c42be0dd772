"""Reports on a schedule: what a plan says, when it is due, and which days its parameters mean."""
