"""The servers of the stacks `minio` and `container`: their settings, and how they run here."""
