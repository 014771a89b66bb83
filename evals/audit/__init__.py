"""The training audit: what a file would teach a model, before anyone spends a GPU hour on it.

A module finds one kind of thing and is a pure function of examples; ``material`` reads what they
are held against, ``verdict`` decides by stated rules, ``run`` puts it together.
"""
