"""What only a drawn map shows: where the browser puts its parts."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from tjepa.analysis import Projection
from tjepa.report.colouring import colouring
from tjepa.report.maps import projection_map

CLASSES = (
    *("diaporthe-stem-canker", "charcoal-rot", "rhizoctonia-root-rot", "phytophthora-rot"),
    *("brown-stem-rot", "powdery-mildew", "downy-mildew", "brown-spot", "bacterial-blight"),
    *("bacterial-pustule", "purple-seed-stain"),
)


@pytest.mark.parametrize("width", [340, 700])
def test_a_long_legend_leaves_the_tools_free(chromium: Browser, width: int) -> None:
    n = 110
    points = np.random.default_rng(0).normal(size=(n, 2))
    figure = projection_map(
        Projection("umap", "tjepa", points, np.arange(n), n, seed=0),
        colouring(pd.Series([CLASSES[k % len(CLASSES)] for k in range(n)])),
        column="class",
        stamp="soybean.arff",
        theme="light",
    )
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.set_content(
        figure.to_html(include_plotlyjs=True, config={"displayModeBar": True, "responsive": True})
    )
    names = [box for entry in page.locator(".legendtext").all() if (box := entry.bounding_box())]
    tools = page.locator(".modebar").bounding_box()
    page.close()
    assert len(names) == len(CLASSES)
    assert tools is not None
    assert min(box["y"] for box in names) >= tools["y"] + tools["height"] - 1
