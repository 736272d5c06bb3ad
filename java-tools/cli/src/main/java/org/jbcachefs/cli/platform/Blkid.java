// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Asks libblkid what a device holds. */
public final class Blkid {
  private static final int SUPERBLOCK_LABEL = 1 << 1;
  private static final int SUPERBLOCK_TYPE = 1 << 5;
  private static final int SUPERBLOCK_MAGIC = 1 << 9;

  private static final boolean AVAILABLE = register();

  private Blkid() {}

  private static boolean register() {
    if (!Platform.isLinux()) {
      return false;
    }
    try {
      Native.register(Blkid.class, "libblkid.so.1");
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  /** Whether the library is there. */
  public static boolean isAvailable() {
    return AVAILABLE;
  }

  /**
   * What a device or image file holds: a filesystem, a part of one, a partition table; empty if
   * nothing is recognised. What the library cannot tell apart counts as something.
   */
  public static Optional<String> contents(String path) {
    Pointer probe = blkid_new_probe_from_filename(path);
    if (probe == null) {
      return Optional.of("something that libblkid cannot read");
    }
    try {
      blkid_probe_enable_superblocks(probe, 1);
      blkid_probe_set_superblocks_flags(
          probe, SUPERBLOCK_LABEL | SUPERBLOCK_TYPE | SUPERBLOCK_MAGIC);
      blkid_probe_enable_partitions(probe, 1);
      if (blkid_do_fullprobe(probe) < 0) {
        return Optional.of("something that libblkid cannot tell");
      }
      return words(probe);
    } finally {
      blkid_free_probe(probe);
    }
  }

  private static Optional<String> words(Pointer probe) {
    Optional<String> table = value(probe, "PTTYPE").map(type -> type + " partition table");
    String label = value(probe, "LABEL").map(name -> " labelled '" + name + "'").orElse("");
    return value(probe, "TYPE").map(type -> type + " filesystem" + label).or(() -> table);
  }

  private static Optional<String> value(Pointer probe, String name) {
    PointerByReference text = new PointerByReference();
    if (blkid_probe_lookup_value(probe, name, text, Pointer.NULL) != 0) {
      return Optional.empty();
    }
    return Optional.of(text.getValue().getString(0, StandardCharsets.UTF_8.name()));
  }

  private static native Pointer blkid_new_probe_from_filename(String path);

  private static native void blkid_free_probe(Pointer probe);

  private static native int blkid_probe_enable_superblocks(Pointer probe, int enable);

  private static native int blkid_probe_set_superblocks_flags(Pointer probe, int flags);

  private static native int blkid_probe_enable_partitions(Pointer probe, int enable);

  private static native int blkid_do_fullprobe(Pointer probe);

  private static native int blkid_probe_lookup_value(
      Pointer probe, String name, PointerByReference data, Pointer length);
}
