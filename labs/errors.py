"""The one family of errors that a person is shown as a message: exit status 1."""

from __future__ import annotations


class LabError(Exception):
    """The lab says no. The text names what is wrong and, where there is one, the way out."""
