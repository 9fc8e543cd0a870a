"""The benchmarks: each a ratio against something real, measured in one run."""
