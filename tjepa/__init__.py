"""T-JEPA: self-supervised representations of tables, and the instruments to judge them."""

__version__ = "0.1.0"
