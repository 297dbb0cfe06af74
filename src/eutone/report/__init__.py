"""A profile for people to read: terminal text (`terminal`) and one self-contained HTML page (`html`).

Both say the same things, in the words of `words` and in the order of `story`. They take a `ProfileResult` and nothing
else, so a profile read back from its JSON gives the same report, byte for byte.
"""
