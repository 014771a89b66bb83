"""``routeback`` and ``python -m assistant``: the environment first, and only then all the rest."""

from assistant import environment


def main() -> None:
    """Run the command; see ``assistant.cli``."""
    environment.prepare()
    from assistant.cli import main as command  # what it loads reads the environment once

    command()


if __name__ == "__main__":
    main()
