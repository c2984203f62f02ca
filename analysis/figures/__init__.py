"""Figures of a run: one module each, with ``TITLE``, a one-sentence ``CAPTION`` and ``draw(run)``."""
