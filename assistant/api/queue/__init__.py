"""The queue over HTTP: lists, search, files, kept replies and news, for the team."""
