"""What office programs write, and books: zipped XML."""
