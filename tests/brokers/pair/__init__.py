"""Two small services that tell each other things: what the messaging tests move about."""
