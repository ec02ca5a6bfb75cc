"""The steps, one a file: each calls one function of the domain and returns."""
