"""Where documents come from and when they are read again: folders, uploads, the web, git."""
