"""Whether an installation is ready to let a tuned model answer people: ``routeback readiness``.

``grounds`` reads what there is; ``items`` judges it, purely; ``report`` shows it. What is missing
is a failure that says what to do: nothing is passed without grounds.
"""
