"""The databases that run inside the project when none is given from outside; must not know what is stored in them."""
