"""Evidence of what was decided, and the checks that find where it was changed."""
