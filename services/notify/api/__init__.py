"""The routes of notify."""
