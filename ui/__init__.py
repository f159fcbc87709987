"""hitpoint.ui: import it as `hitpoint.ui`, never as a flat package."""

if __name__ == "ui":
    raise ImportError("import 'hitpoint.ui' instead of 'ui': install the project first (pip install -e .)")
