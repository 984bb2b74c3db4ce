"""Tells people: an in-app inbox with live push, and e-mail."""
