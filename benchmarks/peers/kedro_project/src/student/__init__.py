"""Kedro with kedro-mlflow as their documentation writes it."""
