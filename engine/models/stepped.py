"""The mark of a take that memory did not suffice for as it was asked: it is nobody's to keep as that."""

# Under this key a take's `extra` lists the rungs (models/ladder.py) that it came down by.
STEPPED_DOWN = "stepped_down"
