"""Pages of web sites: fetched politely, from where they may be, and within limits."""
