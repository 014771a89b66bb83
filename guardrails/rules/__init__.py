"""The rules: from evidence and policy to what a candidate may do. Pure."""
