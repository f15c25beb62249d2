"""What the verbs of the ``wirelab`` command do: one module per group, imported when one of its verbs is asked for.

Each function takes the parsed options and returns the exit status; a LabError is shown by the caller.
"""
