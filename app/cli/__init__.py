"""The operator's and the developer's commands behind ./orbit: each module registers its own; must not hold a rule."""
