"""Everybody who takes letters: a file per kind of provider, listed in `kinds.py`."""
