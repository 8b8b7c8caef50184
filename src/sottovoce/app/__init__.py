"""The first composition root: settings, runtime and node become one running application."""
