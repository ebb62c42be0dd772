"""QA tests of computed tomography."""
