import csv as standard_csv
import io
from pathlib import Path

from edgecompress.bench.records import MetricResult
from edgecompress.compare.limits import parse
from edgecompress.compare.run import compare as run
from edgecompress.report.compare import compare
from edgecompress.report.writers.csv import csv
from edgecompress.report.writers.terminal import terminal


def test_every_figure_has_its_unit_and_every_limit_its_outcome(record):
    given = [(name, name * 64, record) for name in "ab"]
    document = compare(run(*given, limits=parse("size>1B,acc_drop>0.5,p50>5%,p90>1s")))
    text = " ".join(terminal(document, Path()).split())
    assert "a (bench: alexnet, Fashion-MNIST, local, 2024-05-06T07:08:09+00:00)" in text
    p50 = record.files["dense.onnx"].latency.summary.p50
    assert f"p50 {p50 / 1e6:.3f} ms {p50 / 1e6:.3f} ms +0.000 ms 1.000 (" in text
    assert "BROKEN: size>1B: model.onnx" in text
    assert "kept: acc_drop>0.5: model.onnx 0.00 points (below A's)" in text
    assert "kept: p50>5%: model.onnx 0.00 % (growth over A's, 95 % interval" in text
    assert "kept: p90>1s" in text
    rows = list(standard_csv.DictReader(io.StringIO(csv(document, Path()))))
    (median,) = (row for row in rows if (row["file"], row["metric"]) == ("dense.onnx", "p50"))
    assert (float(median["a"]), float(median["difference"]), median["unit"]) == (p50, 0, "ns")


def test_a_metric_of_the_users_own_has_its_digits_and_no_unit(record):
    def of(value):
        metric = MetricResult(
            name="error",
            better="lower",
            value=value,
            samples=24,
            computed="device",
            largest_difference=None,
            reference="",
        )
        files = {name: file.model_copy(update={"metric": metric}) for name, file in record.files.items()}
        return record.model_copy(update={"files": files})

    given = [(name, name * 64, of(value)) for name, value in (("a", 0.00012345), ("b", 0.00022345))]
    text = " ".join(terminal(compare(run(*given, limits=parse("metric_drop>1e-5"))), Path()).split())
    assert "metric 0.00012345 0.00022345 +0.0001 worse" in text
    assert "BROKEN: metric_drop>1e-5: model.onnx 0.0001 (worse than A's)" in text
    assert "metric is error of 24 samples; lower is better" in text
