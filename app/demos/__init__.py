"""Live demos: one file a demo, from parameters to figures."""
