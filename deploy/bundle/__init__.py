"""A folder from which Routeback is installed without network: ``python -m deploy.bundle``."""
