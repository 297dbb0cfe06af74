"""Data tables about the chemistry of people, typed loaders for them, and a checker.

Tables stand in ``tables/*.csv``; every number in them has a unit, a source and a grade. Code here knows how to read and
interpolate; it decides nothing about any particular marker, drug or disorder.
"""
