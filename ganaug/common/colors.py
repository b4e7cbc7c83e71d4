"""Colours that figures and pages share."""

# Of real and of synthetic rows; both are legible on white and on nearly black.
REAL_COLOR, SYNTHETIC_COLOR = "#7a8699", "#e07b00"
