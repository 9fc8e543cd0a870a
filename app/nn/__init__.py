"""NumPy kernels of recurrent networks: forward beside backward, shapes in every docstring."""
