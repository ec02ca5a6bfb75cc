"""The dashboard: pages over the registry. Everything that they ask goes through `live`."""
