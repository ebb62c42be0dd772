"""The page to explore a survey in JupyterLab."""
