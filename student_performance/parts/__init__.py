"""Learning in parts: tables larger than memory, on several processes or machines, with Dask."""
