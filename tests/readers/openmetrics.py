"""What the OpenMetrics parser of Prometheus' client library makes of a file: its samples as JSON."""

import json
import pathlib
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = text_string_to_metric_families(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
samples = [
    {"name": sample.name, "labels": sample.labels, "value": sample.value} for family in families for sample in family.samples
]
json.dump(samples, sys.stdout)
