"""Dose methods of computed tomography."""
