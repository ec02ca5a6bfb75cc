"""ZenML stacks of this project: what they are made of, their registration and their selection."""
