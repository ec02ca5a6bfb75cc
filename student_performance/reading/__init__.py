"""The CSV door: bytes of any kind come in, rows or one clear sentence come out."""
