"""The routes of the directory, one file per noun."""
