"""Outside systems: what they hear of, and how it gets there."""
