"""All that an installation keeps, copied from one place to another: moved, backed up, put back."""
