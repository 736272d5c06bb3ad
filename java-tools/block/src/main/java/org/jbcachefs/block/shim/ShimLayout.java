// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import java.lang.annotation.Native;

/**
 * Commands, flags, sizes and offsets of kmod/include/uapi/linux/jbcachefs.h, as far as Java fills
 * or reads its structures. The native build compares each with the header (jni/jni_shim.c).
 */
final class ShimLayout {
  @Native static final int INFO_BYTES = 64;
  @Native static final int INFO_FEATURES = 0;
  @Native static final int INFO_VERSION = 32;
  @Native static final int INFO_VERSION_BYTES = 32;

  @Native static final int CLAIM_BYTES = 32;
  @Native static final int CLAIM_FD = 0;
  @Native static final int CLAIM_FLAGS = 4;
  @Native static final int CLAIM_CLAIM = 8;
  @Native static final int CLAIM_WRITE = 1;
  @Native static final int CLAIM_RESTRICT_WRITES = 1 << 1;

  @Native static final int RELEASE_BYTES = 8;
  @Native static final int RELEASE_CLAIM = 0;

  @Native static final int GEOMETRY_BYTES = 120;
  @Native static final int GEOMETRY_CLAIM = 0;
  @Native static final int GEOMETRY_FLAGS = 4;
  @Native static final int GEOMETRY_SIZE = 8;
  @Native static final int GEOMETRY_LOGICAL_BLOCK = 16;
  @Native static final int GEOMETRY_PHYSICAL_BLOCK = 20;
  @Native static final int GEOMETRY_IO_MIN = 24;
  @Native static final int GEOMETRY_IO_OPTIMAL = 28;
  @Native static final int GEOMETRY_DMA_ALIGNMENT = 32;
  @Native static final int GEOMETRY_DISCARD_GRANULARITY = 36;
  @Native static final int GEOMETRY_MAX_DISCARD = 40;
  @Native static final int GEOMETRY_MAX_WRITE_ZEROES = 48;
  @Native static final int GEOMETRY_MAJOR = 56;
  @Native static final int GEOMETRY_MINOR = 60;
  @Native static final int GEOMETRY_NAME = 64;
  @Native static final int NAME_BYTES = 32;

  @Native static final int CLAIM_ENTRY_BYTES = 96;
  @Native static final int CLAIM_ENTRY_SERIAL = 0;
  @Native static final int CLAIM_ENTRY_MAJOR = 8;
  @Native static final int CLAIM_ENTRY_MINOR = 12;
  @Native static final int CLAIM_ENTRY_FLAGS = 16;
  @Native static final int CLAIM_ENTRY_PID = 20;
  @Native static final int CLAIM_ENTRY_INFLIGHT = 24;
  @Native static final int CLAIM_ENTRY_NAME = 32;
  @Native static final int CLAIM_ENTRY_COMM = 64;
  @Native static final int COMM_BYTES = 16;

  @Native static final int FILESYSTEM_BYTES = 144;
  @Native static final int FILESYSTEM_SERIAL = 0;
  @Native static final int FILESYSTEM_UUID = 8;
  @Native static final int FILESYSTEM_LABEL = 24;
  @Native static final int LABEL_BYTES = 64;
  @Native static final int FILESYSTEM_MEMBERS = 88;
  @Native static final int FILESYSTEM_MEMBERS_SIZE = 96;
  @Native static final int FILESYSTEM_MEMBERS_LENGTH = 100;
  @Native static final int FILESYSTEM_PID = 104;
  @Native static final int FILESYSTEM_CALLS = 108;
  @Native static final int FILESYSTEM_COMM = 112;
  @Native static final int MAX_MEMBERS_BYTES = 64 << 10;

  @Native static final int REGISTER_BYTES = 120;
  @Native static final int REGISTER_UUID = 0;
  @Native static final int REGISTER_LABEL = 16;
  @Native static final int REGISTER_MEMBERS = 80;
  @Native static final int REGISTER_MEMBERS_LENGTH = 88;

  @Native static final int CALL_BYTES = 72;
  @Native static final int CALL_UUID = 0;
  @Native static final int CALL_OPERATION = 16;
  @Native static final int CALL_TIMEOUT_MS = 20;
  @Native static final int CALL_REQUEST = 24;
  @Native static final int CALL_REPLY = 32;
  @Native static final int CALL_REQUEST_LENGTH = 40;
  @Native static final int CALL_REPLY_SIZE = 44;
  @Native static final int CALL_REPLY_LENGTH = 48;
  @Native static final int CALL_STATUS = 52;
  @Native static final int MAX_MESSAGE_BYTES = 1 << 20;

  @Native static final int RECEIVE_BYTES = 56;
  @Native static final int RECEIVE_ID = 0;
  @Native static final int RECEIVE_BUFFER = 8;
  @Native static final int RECEIVE_SIZE = 16;
  @Native static final int RECEIVE_LENGTH = 20;
  @Native static final int RECEIVE_OPERATION = 24;
  @Native static final int RECEIVE_PID = 28;
  @Native static final int RECEIVE_UID = 32;

  @Native static final int REPLY_BYTES = 40;
  @Native static final int REPLY_ID = 0;
  @Native static final int REPLY_BUFFER = 8;
  @Native static final int REPLY_LENGTH = 16;
  @Native static final int REPLY_STATUS = 20;

  @Native static final int EVENT_BYTES = 32;
  @Native static final int EVENT_TYPE = 0;
  @Native static final int EVENT_CLAIM = 4;
  @Native static final int EVENT_VALUE = 8;
  @Native static final int EVENT_DEAD = 1;
  @Native static final int EVENT_RESIZED = 2;
  @Native static final int EVENT_READ_ONLY = 3;

  @Native static final int FLAG_WRITE = 1;
  @Native static final int FLAG_READ_ONLY = 1 << 1;
  @Native static final int FLAG_ROTATIONAL = 1 << 2;
  @Native static final int FLAG_WRITE_CACHE = 1 << 3;
  @Native static final int FLAG_FUA = 1 << 4;
  @Native static final int FLAG_STABLE = 1 << 5;
  @Native static final int FLAG_DEAD = 1 << 6;

  private static final int MAGIC = 0xbe;
  private static final long WRITES = 1L << 30;
  private static final long READS = 2L << 30;

  @Native static final long IOC_INFO = READS | (long) INFO_BYTES << 16 | MAGIC << 8 | 0x00;

  @Native
  static final long IOC_CLAIM = READS | WRITES | (long) CLAIM_BYTES << 16 | MAGIC << 8 | 0x01;

  @Native static final long IOC_RELEASE = WRITES | (long) RELEASE_BYTES << 16 | MAGIC << 8 | 0x02;

  @Native
  static final long IOC_GEOMETRY = READS | WRITES | (long) GEOMETRY_BYTES << 16 | MAGIC << 8 | 0x03;

  @Native
  static final long IOC_NEXT_CLAIM =
      READS | WRITES | (long) CLAIM_ENTRY_BYTES << 16 | MAGIC << 8 | 0x04;

  @Native
  static final long IOC_NEXT_FILESYSTEM =
      READS | WRITES | (long) FILESYSTEM_BYTES << 16 | MAGIC << 8 | 0x22;

  @Native
  static final long IOC_REGISTER = READS | WRITES | (long) REGISTER_BYTES << 16 | MAGIC << 8 | 0x20;

  @Native static final long IOC_UNREGISTER = MAGIC << 8 | 0x21;

  @Native static final long IOC_CALL = READS | WRITES | (long) CALL_BYTES << 16 | MAGIC << 8 | 0x23;

  @Native
  static final long IOC_RECEIVE = READS | WRITES | (long) RECEIVE_BYTES << 16 | MAGIC << 8 | 0x24;

  @Native static final long IOC_REPLY = WRITES | (long) REPLY_BYTES << 16 | MAGIC << 8 | 0x25;

  private ShimLayout() {}
}
