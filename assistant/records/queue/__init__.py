"""The queue of tickets as the team works it: lists, search, files, news, and what they keep."""
