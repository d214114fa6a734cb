"""Bugs that were planted on purpose, each to be noticed by a test that is there anyway; `./orbit bite` runs them.

A plant is text to replace in a private copy of the project, or a statement on the copy's database. It must be a fault
that somebody could have written, and the tests named with it must fail by what they assert.
"""
