"""The live view: what a run does now, at the bottom of a terminal, fed by events alone."""
