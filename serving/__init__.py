"""The prediction service: asks the version that serves, and follows its alias."""
