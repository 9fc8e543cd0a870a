"""Settings, learners, history files."""
