"""What a reader is shown: parts checked as they come, their citations, an entry's own words."""
