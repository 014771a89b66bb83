"""What is kept of people: found, exported, erased, and erased when its time is over."""
