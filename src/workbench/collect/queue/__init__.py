"""The queue of patients, what was asked and came, and the hospital's own file that holds it."""
