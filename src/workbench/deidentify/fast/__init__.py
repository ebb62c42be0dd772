"""The quick way to a row: what was made of a neighbour's equal element is taken again."""
