"""The six fixed helpers of the shop and nothing else: what has a better home stands there."""
