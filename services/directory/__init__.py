"""Directory: districts, organisations, people, appointments, and signing in."""
