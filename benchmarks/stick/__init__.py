"""The parts of ``benchmarks/quality.py``: tables, probes, rivals, records and their summary."""
