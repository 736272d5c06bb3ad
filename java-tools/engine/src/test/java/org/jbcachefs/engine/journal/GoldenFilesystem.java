// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;

/** A golden filesystem's devices with its key, if it has one. */
record GoldenFilesystem(List<BlockDevice> opened, DeviceSet devices, FilesystemKey key)
    implements AutoCloseable {
  static GoldenFilesystem open(String name) {
    List<BlockDevice> opened = GoldenImages.open(name);
    DeviceSet devices = DeviceSetAssembly.assemble(opened);
    return new GoldenFilesystem(opened, devices, key(devices, GoldenImages.passphrase(name)));
  }

  private static FilesystemKey key(DeviceSet devices, String passphrase) {
    Superblock superblock = devices.superblock();
    if (passphrase == null) {
      return null;
    }
    Bytes payload = superblock.section(SectionType.CRYPT).orElseThrow().payload();
    MemorySegment section = Arena.ofAuto().allocate(RawSection.HEADER_BYTES + payload.length());
    MemorySegment.copy(payload.segment(), 0, section, RawSection.HEADER_BYTES, payload.length());
    EncryptedKey encrypted = EncryptedKey.parse(section, Place.NOWHERE);
    FilesystemKey derived =
        encrypted.derive(passphrase.getBytes(StandardCharsets.UTF_8), Place.NOWHERE);
    return encrypted.unlock(derived, superblock.magicWord(), Place.NOWHERE);
  }

  @Override
  public void close() {
    opened.forEach(BlockDevice::close);
  }
}
