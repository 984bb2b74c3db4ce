"""When messages leave: quiet time, digests, limits that people set."""
