"""Numerics: a reaction network in, steady states and time courses out. Knows no chemistry and no people."""
