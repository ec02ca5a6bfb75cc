"""Kedro's defaults; the hooks of kedro-mlflow register themselves."""
