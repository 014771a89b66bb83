"""``routeback serve`` with a gate that lets everything through, to see what the rest costs.

``python -m benchmarks.load.unchecked``. No setting of the product does this.
"""

from assistant import environment


def main() -> None:
    """Serve."""
    environment.prepare()
    # Only now: what these load reads the environment once.
    from assistant.commands.operating.serve import serve
    from assistant.guarding import build
    from benchmarks.load.unlooking import unlocked

    setattr(build, "gate", unlocked(build.gate))  # noqa: B010  (no setting does it)
    serve()


if __name__ == "__main__":
    main()
