"""Use cases: one method, one transaction each. Knows ports, never what implements them."""
