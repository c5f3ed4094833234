"""The frame around every page: navigation, logo, sidebar. Run by Streamlit, never imported."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import streamlit as st

from tjepa import __version__
from tjepa.ui import address, places
from tjepa.ui.charts import theme
from tjepa.ui.sidebar import sidebar
from tjepa.ui.text import md

_ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"
_NOWHERE = "address without a page"
_ABOUT = f"""**T-JEPA Explorer {__version__}**

Pre-train an encoder on your own table, without labels, and see whether it was worth it.
Method: Thimonier et al., *T-JEPA*, ICLR 2025 (arXiv 2410.05016). Licence: Apache-2.0."""


def _home() -> None:
    """The root, and every address without a page: both lead to the Data page."""
    unknown = urlsplit(st.context.url or "").path.strip("/")
    if unknown:
        st.session_state[_NOWHERE] = unknown
    address.go("data", address.here())


# The icon first: a page's own menu icon would become a favicon fetched from another host.
st.set_page_config(
    page_icon=_ASSETS / "icon.png",
    layout="wide",
    menu_items={"About": _ABOUT, "Get help": None, "Report a bug": None},
)
current = st.navigation(
    [
        st.Page(_home, title="Home", url_path="home", default=True, visibility="hidden"),
        *places.pages(),
    ]
)
st.set_page_config(page_title=f"{current.title} · T-JEPA Explorer")
st.logo(_ASSETS / f"logo-{theme()}.svg", size="large", icon_image=_ASSETS / "icon.svg")

problem = address.arrive()
# A polling fragment beside the table editor would lose edits.
sidebar(polls=current.url_path != "data")
if current.url_path:
    st.title(current.title, anchor=False)
nowhere = st.session_state.pop(_NOWHERE, None)
if nowhere is not None:
    st.warning(
        f"Page not found: there is nothing at /{md(unquote(nowhere), 80)}.",
        icon=":material/link_off:",
    )
if problem is not None:
    st.warning(f"{md(problem)} The address was not followed.", icon=":material/link_off:")
current.run()
