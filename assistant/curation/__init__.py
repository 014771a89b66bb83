"""Knowledge that grows: entries written here, gaps that they close, drafts of what was solved."""
