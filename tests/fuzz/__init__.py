"""Generated requests to every route."""
