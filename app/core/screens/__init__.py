"""What a person sees: pages as values, and the one way in which they reach the chat."""
