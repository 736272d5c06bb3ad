// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.platform.Blkid;

/** What is on a device already: what libblkid knows, and some well-known marks besides. */
public final class KnownContents {
  private record Mark(String what, long offset, byte[] bytes) {}

  private static final List<Mark> MARKS =
      List.of(
          text("xfs filesystem", 0, "XFSB"),
          hex("LUKS volume", 0, "4c554b53babe"),
          hex("erofs filesystem", 1024, "e2e1f5e0"),
          hex("f2fs filesystem", 1024, "1020f5f2"),
          hex("ext2, ext3 or ext4 filesystem", 1080, "53ef"),
          text("squashfs filesystem", 0, "hsqs"),
          text("ntfs filesystem", 3, "NTFS    "),
          text("exfat filesystem", 3, "EXFAT   "),
          text("vfat filesystem", 82, "FAT32   "),
          text("vfat filesystem", 54, "FAT1"),
          text("gpt partition table", 512, "EFI PART"),
          text("LVM physical volume", 512 + 24, "LVM2 001"),
          hex("mdraid member", 0, "fc4e2ba9"),
          hex("mdraid member", 4096, "fc4e2ba9"),
          text("swap space", 4086, "SWAPSPACE2"),
          hex("bcachefs filesystem", 4096 + 24, "c68573f666ce90a9d96a60cf803df7ef"),
          hex("bcache or bcachefs device", 4096 + 24, "c68573f64e1a45ca8265f57f48ba6d81"),
          text("iso9660 filesystem", 32769, "CD001"),
          text("btrfs filesystem", 65600, "_BHRfS_M"),
          hex("dos partition table", 510, "55aa"));

  private KnownContents() {}

  private static Mark text(String what, long offset, String text) {
    return new Mark(what, offset, text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static Mark hex(String what, long offset, String digits) {
    return new Mark(what, offset, HexFormat.of().parseHex(digits));
  }

  /** In words, e.g. "xfs filesystem labelled 'data'"; empty if nothing is known. */
  public static Optional<String> of(BlockDevice device) {
    Optional<String> known = Blkid.isAvailable() ? Blkid.contents(device.name()) : Optional.empty();
    return known.or(() -> byMarks(device));
  }

  /** The same by marks alone: where there is no library, and for what an old one does not know. */
  static Optional<String> byMarks(BlockDevice device) {
    for (Mark mark : MARKS) {
      if (mark.offset + mark.bytes.length <= device.size()) {
        byte[] found = new byte[mark.bytes.length];
        device.read(mark.offset, MemorySegment.ofArray(found));
        if (java.util.Arrays.equals(found, mark.bytes)) {
          return Optional.of(mark.what);
        }
      }
    }
    return Optional.empty();
  }
}
