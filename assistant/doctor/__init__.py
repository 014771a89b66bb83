"""Every part is called for real, and what is wrong is said with what to do: ``routeback doctor``.

A check knows one part. It gets what it needs as data, changes nothing, and its own failure, crash
or silence is a finding about that part alone. ``checkup`` is the list of all of them.
"""
