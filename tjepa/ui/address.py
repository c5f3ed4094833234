"""Where a person is: ids of table, schema and run in the URL, stamped again on every page.

Following the menu clears the URL's parameters and a reload clears the session, so both carry the
address and whichever is there fills in the other.
"""

from dataclasses import asdict, dataclass
from typing import NoReturn

import streamlit as st

from tjepa.errors import TjepaError
from tjepa.runs import RunInfo
from tjepa.table import Schema
from tjepa.ui import process
from tjepa.ui.places import page

_KEY = "address"
_NAMES = ("table", "schema", "run")


@dataclass(frozen=True)
class Address:
    """Ids, or None. A run implies its table and schema; a table without a schema, the inferred."""

    table: str | None = None
    schema: str | None = None
    run: str | None = None

    def params(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


def arrive() -> str | None:
    """Read the address once per script run, stamp it, and return what is wrong with it, if any."""
    written = {name: st.query_params[name] for name in _NAMES if name in st.query_params}
    address = Address(**written) if written else here()
    problem = None
    try:
        address = _checked(address)
    except TjepaError as error:
        address, problem = Address(), str(error)
    st.session_state[_KEY] = address
    if {name: st.query_params.get(name) for name in _NAMES} != asdict(address):
        kept = {
            name: value for name, value in st.query_params.to_dict().items() if name not in _NAMES
        }
        st.query_params.from_dict({**kept, **address.params()})
    return problem


def here() -> Address:
    """The address of this session."""
    # Compared by content, not by class: see Streamlit's reloading of modules.
    kept = st.session_state.get(_KEY)
    return Address() if kept is None else Address(kept.table, kept.schema, kept.run)


def run_here() -> RunInfo | None:
    """The run of the address."""
    run_id = here().run
    return None if run_id is None else process.bench().run(run_id)


def schema_here() -> Schema:
    """The schema of the address: the run's, the applied one, or the inferred one."""
    run, address = run_here(), here()
    if run is not None:
        return run.schema
    assert address.table is not None
    return process.bench().schema(address.table, address.schema)


def go(name: str, address: Address) -> NoReturn:
    """Open page `name` at `address`."""
    st.session_state[_KEY] = address
    st.switch_page(page(name), query_params=address.params())


def link(name: str, label: str, address: Address | None = None, icon: str | None = None) -> None:
    """A link to page `name`, at `address` or here."""
    target = here() if address is None else address
    st.page_link(page(name), label=label, icon=icon, query_params=target.params(), help="")


def _checked(address: Address) -> Address:
    bench = process.bench()
    if address.run is not None:
        run = bench.run(address.run)
        return Address(run.table_id, run.schema.schema_id, run.run_id)
    if address.table is None:
        return Address()
    bench.table(address.table)
    if address.schema is not None:
        bench.schema(address.table, address.schema)
    return address
