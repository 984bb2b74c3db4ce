"""The HTTP shapes of the directory, one file per noun."""
