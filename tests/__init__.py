"""The suite. Native libraries read their environment when they load, so it is set before all."""

from assistant import environment

environment.prepare()
