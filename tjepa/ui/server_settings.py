"""What the person who runs the server has set in the section `tjepa` of its secrets."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def settings() -> Mapping[str, Any]:
    """The section, empty where there is none."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get("tjepa", {})
    return found if isinstance(found, Mapping) else {}


def limit(settings: Mapping[str, Any], key: str, default: float) -> float:
    """A limit of the settings; the default where it is no number from 1 on."""
    value = settings.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 1 else default
