"""Words in every language, and the middleware that chooses the language."""
