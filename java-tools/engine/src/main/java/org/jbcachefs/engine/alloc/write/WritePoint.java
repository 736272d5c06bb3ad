// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.HashMap;
import java.util.Map;
import org.jbcachefs.format.tables.DataType;

/**
 * Where data of one kind and stream goes on: on each device the bucket that is being filled.
 * Belongs to the {@link SpaceAllocator}, which locks it; whoever writes one file or stream uses
 * one.
 */
public final class WritePoint {
  private final DataType type;
  private final Map<Integer, Filling> filling = new HashMap<>();

  /** A bucket that is being filled. */
  static final class Filling {
    final long bucket;
    final int generation;
    int used;

    Filling(long bucket, int generation) {
      this.bucket = bucket;
      this.generation = generation;
    }
  }

  /**
   * @param type what will be written: {@link DataType#BTREE} or {@link DataType#USER}
   */
  public WritePoint(DataType type) {
    this.type = type;
  }

  DataType type() {
    return type;
  }

  Map<Integer, Filling> filling() {
    return filling;
  }
}
