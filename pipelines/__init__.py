"""Wiring of steps, and nothing else."""
