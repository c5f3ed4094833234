import pytest

from tests.workbench.tables import kept, people
from tjepa import Workbench, finish
from tjepa.table import Column, infer_schema, override, profile
from tjepa.workbench import bench as bench_module


def test_every_column_is_looked_at_and_again_only_where_it_has_changed(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    look = bench_module.column_profile

    def watched(at: object, column: Column) -> object:
        seen.append(column.name)
        return look(at, column)  # type: ignore[arg-type]

    monkeypatch.setattr(bench_module, "column_profile", watched)
    frame = people()
    table_id, schema = kept(bench, frame), infer_schema(frame)
    first = bench.column_profiles(table_id, schema)
    assert [column.name for column in first] == list(frame.columns) == seen
    seen.clear()
    name = next(column.name for column in schema.columns if column.kind == "categorical")
    changed = override(schema, frame, kinds={name: "text"})
    second = bench.column_profiles(table_id, changed)
    assert seen == [name]
    assert [a is b for a, b in zip(first, second, strict=True)].count(False) == 1


def test_relations_are_there_once_they_were_computed(bench: Workbench) -> None:
    frame = people()
    table_id, schema = kept(bench, frame), infer_schema(frame)
    assert bench.relations(table_id, schema) is None
    found = finish(bench.compute_relations(table_id, schema))
    assert bench.relations(table_id, schema) is found
    assert found.associations.pairs == profile(frame, schema).associations.pairs
    other = override(schema, frame, target=schema.features[0].name)
    assert bench.relations(table_id, other) is None


def test_only_the_last_relations_are_kept(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_module, "RELATED_TABLES", 1)
    frame = people()
    table_id, schema = kept(bench, frame), infer_schema(frame)
    other = override(schema, frame, used={schema.features[0].name: False})
    for some in (schema, other):
        finish(bench.compute_relations(table_id, some))
    assert bench.relations(table_id, schema) is None
    assert bench.relations(table_id, other) is not None
