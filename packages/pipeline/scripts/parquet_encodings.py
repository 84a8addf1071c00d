"""Makes src/fixtures/parquet-encodings.json: the same rows in Parquet with every kind of page, encoding and codec that pyarrow writes.

    pip install pyarrow==26.0.1 && python parquet_encodings.py
"""

import base64
import datetime
import decimal
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FIXTURE = Path(__file__).parent.parent / "src" / "fixtures" / "parquet-encodings.json"
ROWS = 16
GROUP = 8
DELTAS = {
    "id": "DELTA_BYTE_ARRAY",
    "text": "DELTA_LENGTH_BYTE_ARRAY",
    "kind": "DELTA_BYTE_ARRAY",
    "count": "DELTA_BINARY_PACKED",
    "big": "DELTA_BINARY_PACKED",
    "score": "BYTE_STREAM_SPLIT",
    "flag": "RLE",
    "price": "PLAIN",
    "tags.list.element": "DELTA_LENGTH_BYTE_ARRAY",
}

table = pa.table({
    "id": [f"{i:04}" for i in range(ROWS)],
    "text": [f"text number {i // 3} of a small file" for i in range(ROWS)],
    "kind": [["a", "bb", None][i % 3] for i in range(ROWS)],
    "count": pa.array([i * i - 50 for i in range(ROWS)], pa.int32()),
    "big": pa.array([None if i == 5 else 2**40 + i * 997 for i in range(ROWS)], pa.int64()),
    "score": pa.array([i / 8 for i in range(ROWS)], pa.float32()),
    "flag": [i % 3 == 0 for i in range(ROWS)],
    "price": pa.array([decimal.Decimal(i) / 4 for i in range(ROWS)], pa.decimal128(20, 2)),
    "day": [datetime.date(2024, 1, 1 + i) for i in range(ROWS)],
    "tags": pa.array([None if i % 9 == 4 else [f"t{j}" for j in range(i % 4)] for i in range(ROWS)], pa.list_(pa.string())),
    "deep": [{"a": i, "b": [[i, i + 1], []] if i % 2 else None} for i in range(ROWS)],
})


def write(version, codec, **options):
    sink = io.BytesIO()
    pq.write_table(
        table, sink, row_group_size=GROUP, store_schema=False, write_statistics=False, data_page_version=version, compression=codec, **options
    )
    return base64.b64encode(sink.getvalue()).decode()


deltas = {"use_dictionary": False, "column_encoding": DELTAS}
files = {
    "dictionaries": write("1.0", "none"),
    "differences": write("1.0", "none", **deltas),
    "dictionaries, second kind of pages": write("2.0", "none"),
    "differences, second kind of pages, gzip": write("2.0", "gzip", **deltas),
    **{codec: write("1.0", codec) for codec in ("snappy", "brotli", "zstd", "lz4")},
}


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    return f"{value.isoformat()}T00:00:00.000Z" if isinstance(value, datetime.date) else value


rows = [{name: plain(value) for name, value in row.items() if value is not None} for row in table.to_pylist()]
FIXTURE.write_text(json.dumps({"rows": rows, "files": files}, indent=1) + "\n")
print(FIXTURE, FIXTURE.stat().st_size, "bytes")
