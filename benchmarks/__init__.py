"""Measurements of the project against known truths and other tools, one command each."""
