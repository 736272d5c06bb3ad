# SPDX-License-Identifier: GPL-2.0-or-later
"""What a copy shows of a file's holes where the destination keeps them in whole pages."""
import hashlib

PAGE = 4096


def page_runs(segments, size):
    """Runs of data in whole pages, as a destination keeps them whose blocks are larger than the image's."""
    runs = []
    for start, end in segments:
        start, end = start // PAGE * PAGE, min(-(-end // PAGE) * PAGE, size)
        if runs and start <= runs[-1][1]:
            runs[-1][1] = max(runs[-1][1], end)
        else:
            runs.append([start, end])
    return [] if runs == [[0, size]] else runs


def hash_of_segments(path, segments):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for start, end in segments:
            digest.update(start.to_bytes(8, "little") + (end - start).to_bytes(8, "little"))
            f.seek(start)
            while start < end:
                piece = f.read(min(end - start, 1 << 20))
                digest.update(piece)
                start += len(piece)
    return digest.hexdigest()


def as_copied(row, copy, path):
    """The row of a manifest as a copy can show it: data in whole pages. ``copy`` is the row of the copy, ``path`` where
    it lies: hashes of single segments are made again for the original's segments where the copy's holes are right."""
    row, copy = dict(row), dict(copy)
    whole = [[0, row["size"]]] if row.get("size") else []
    segments = row.pop("segs", whole)
    runs = page_runs(segments, row["size"]) if row["type"] == "f" else []
    if runs or (segments != whole and not segments):
        row["segs"] = runs
    if "sha256_segs" in row and copy.get("segs", whole) == row.get("segs", whole):
        copy["sha256_segs"] = hash_of_segments(path, segments)
    return row, copy
