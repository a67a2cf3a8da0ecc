"""The colours of all pictures."""

WORK, WAIT, FAIL, INK, PALE, PAPER = "#0072b2", "#e9b44c", "#c3142d", "#1f2328", "#c9ced6", "#fcfcfa"
"""Colours that differ in lightness as well, on a paper of their own: so they are legible in every theme."""
