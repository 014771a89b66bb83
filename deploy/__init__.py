"""What operators copy, and what makes a bundle for a machine without network."""
