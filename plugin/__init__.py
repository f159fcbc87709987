"""hitpoint.plugin: import it as `hitpoint.plugin`, never as a flat package."""

if __name__ == "plugin":
    raise ImportError(
        "import 'hitpoint.plugin' instead of 'plugin': install the project first (pip install -e .)"
    )
