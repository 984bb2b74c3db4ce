"""Reviewer chains and the floors that they keep to: edited, checked, compared, replayed."""
