"""Sources of documents over HTTP: to name, change, refresh and remove them; what is stale."""
