"""A sample district and the story played in it, through the public HTTP API only."""
