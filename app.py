"""The server around the pages: start with `streamlit run app.py`.

The frame that people see is `tjepa/ui/shell.py`; this file only starts and stops the process.
"""

import os

# Before torch is imported: jobs train in background threads, where more OpenMP threads than idle
# cores cost a factor of five, and spinning ones make the pages lag.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import streamlit as st
from starlette.middleware import Middleware

from tjepa.ui.headers import SecurityHeaders
from tjepa.ui.problems import on_script_error

SHELL = Path(__file__).resolve().parent / "tjepa" / "ui" / "shell.py"


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    from tjepa.ui import process

    await anyio.to_thread.run_sync(process.start)
    yield
    await anyio.to_thread.run_sync(process.stop)


app = st.App(
    SHELL,
    lifespan=lifespan,
    middleware=[Middleware(SecurityHeaders)],
    on_script_error=on_script_error,
)

if __name__ == "__main__":
    app.run()
