"""A program for the tests of the fork server."""
