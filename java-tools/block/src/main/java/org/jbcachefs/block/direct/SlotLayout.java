// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.lang.annotation.Native;

/**
 * Places and numbers of struct block_slot (jni/block.h). The native build compares each with the
 * structure (jni/jni_block.c).
 */
final class SlotLayout {
  @Native static final int OPERATION_READ = 0;
  @Native static final int OPERATION_WRITE = 1;
  @Native static final int OPERATION_FLUSH = 2;
  @Native static final int OPERATION_DISCARD = 3;
  @Native static final int OPERATION_WRITE_ZEROES = 4;

  /** Beside the flags of a request: its devices are block nodes. */
  @Native static final int ON_BLOCK_NODE = 1 << 31;

  @Native static final int SLOT_BYTES = 192;
  @Native static final int ADDRESS = 0;
  @Native static final int BYTES = 8;
  @Native static final int FLAGS = 16;
  @Native static final int OPERATION = 20;
  @Native static final int COPIES = 21;
  @Native static final int BUFFER = 22;
  @Native static final int FAILED = 24;
  @Native static final int TARGETS = 32;
  @Native static final int TARGET_BYTES = 16;
  @Native static final int TARGET_DEVICE = 8;
  @Native static final int TARGET_RESULT = 12;

  private SlotLayout() {}
}
