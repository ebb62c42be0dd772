"""Sentences and figures as a widget."""

from __future__ import annotations

from workbench_widgets.words.words import Words, progress_text, sentence

__all__ = ["Words", "progress_text", "sentence"]
