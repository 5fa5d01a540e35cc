"""CSV: a row a file, plain numbers with their unit in the column's name, for a spreadsheet or pandas."""

import csv as standard_csv
import io

from edgecompress.bench.records import BenchRecord
from edgecompress.export.kinds import COMPRESSED
from edgecompress.manifest import Manifest
from edgecompress.report.table import Row, cautions, rows


def csv(record: BenchRecord, manifest: Manifest) -> str:
    """The benchmark as CSV (RFC 4180) with a header. What was not measured is empty."""
    lines = [
        {
            "created": record.created,
            "taken": record.taken,
            "device": record.device.address,
            "is_target": record.device.is_target,
            "target": record.bundle.target,
            "model": record.bundle.model,
            "data": record.bundle.data,
            "weights_ratio": manifest.ratios.weights if row.kind in COMPRESSED else None,
            "threads": record.threads,
            "mode": record.protocol.mode,
            **_cells(row),
            "cautions": " ".join(cautions(record)),
        }
        for row in rows(record)
    ]
    stream = io.StringIO()
    writer = standard_csv.DictWriter(stream, fieldnames=list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def _cells(row: Row) -> dict[str, object]:
    ratio = row.ratio
    return {
        "file": row.file,
        "runtime": row.runtime,
        "kind": row.kind,
        "bytes": row.bytes,
        "times_smaller": row.smaller,
        "runs": row.runs,
        "p50_ns": row.p50,
        "p90_ns": row.p90,
        "p99_ns": row.p99,
        "latency_ratio": ratio.ratio if ratio else None,
        "latency_ratio_low": ratio.low if ratio else None,
        "latency_ratio_high": ratio.high if ratio else None,
        "instructions": row.instructions,
        "instructions_ratio": row.instructions_ratio,
        "verdict": ratio.verdict if ratio else None,
        "load_ns": row.load,
        "peak_bytes": row.peak,
        "peak_over_import_bytes": row.over_import,
        "accuracy_percent": row.accuracy,
        "accuracy_samples": row.samples,
        "drop_points": row.drop,
        "largest_difference": row.difference,
        "metric": row.metric,
        "metric_value": row.value,
        "metric_worse_by": row.worse,
        "energy_mj": row.energy,
        "failures": "; ".join(row.failures),
    }
