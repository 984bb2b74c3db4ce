"""Benchmarks: each figure beside the least code that does the same job, measured in the same run."""
