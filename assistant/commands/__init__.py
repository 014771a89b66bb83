"""The subcommands of ``routeback``."""
