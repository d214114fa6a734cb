"""One module a way to pay. A gateway speaks with the outside and stores nothing."""
