// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.InitFlags;
import org.jbcachefs.fuse.protocol.InitIn;
import org.jbcachefs.fuse.protocol.InitOut;
import org.jbcachefs.fuse.protocol.OutHeader;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.protocol.WriteIn;
import org.junit.jupiter.api.Test;

class ConnectionSetupTest {
  private static final int WHOLE = InHeader.BYTES + InitIn.BYTES;

  private final MemorySegment in = Arena.ofAuto().allocate(4096);
  private boolean writable;
  private final MemorySegment out = Arena.ofAuto().allocate(OutHeader.BYTES + InitOut.BYTES);

  private ConnectionSetup.Agreement agree(int major, int minor, long flags, boolean ring)
      throws NativeException {
    Wire.u64(in, InHeader.UNIQUE, 4);
    Wire.u32(in, InHeader.BYTES + InitIn.MAJOR, major);
    Wire.u32(in, InHeader.BYTES + InitIn.MINOR, minor);
    Wire.u32(in, InHeader.BYTES + InitIn.MAX_READAHEAD, 131072);
    Wire.u32(in, InHeader.BYTES + InitIn.FLAGS, (int) flags);
    Wire.u32(in, InHeader.BYTES + InitIn.FLAGS2, (int) (flags >>> 32));
    return ConnectionSetup.answer(
        in, WHOLE, out, new ConnectionSetup.Wishes(1 << 20, ring, writable, writable, writable));
  }

  private int out32(int offset) {
    return Wire.u32(out, OutHeader.BYTES + offset);
  }

  @Test
  void acceptsOnlyWhatIsOffered() throws NativeException {
    ConnectionSetup.Agreement agreed = agree(7, 45, InitFlags.ASYNC_READ, true);
    assertEquals(InitFlags.ASYNC_READ, agreed.flags());
    assertEquals((int) InitFlags.ASYNC_READ, out32(InitOut.FLAGS));
    assertEquals(0, out32(InitOut.FLAGS2));
  }

  @Test
  void neverAsksForWhatItDoesNotServe() throws NativeException {
    ConnectionSetup.Agreement agreed = agree(7, 45, -1, true);
    assertFalse(agreed.has(InitFlags.WRITEBACK_CACHE), "nothing is written");
    assertFalse(agreed.has(1L << 37), "passthrough");
    assertFalse(agreed.has(1L << 4), "export");
    assertTrue(agreed.has(InitFlags.OVER_IO_URING));
    assertEquals(
        agreed.flags(),
        Integer.toUnsignedLong(out32(InitOut.FLAGS)) | ((long) out32(InitOut.FLAGS2) << 32));
  }

  @Test
  void keepsWritesInThePageCacheWhereTheFilesystemCanBeChanged() throws NativeException {
    writable = true;
    ConnectionSetup.Agreement agreed = agree(7, 45, -1, true);
    assertTrue(agreed.has(InitFlags.WRITEBACK_CACHE));
    assertTrue(agreed.has(InitFlags.DONT_MASK), "default ACLs take the place of the umask");
    assertTrue(agreed.has(InitFlags.HANDLE_KILLPRIV_V2));
    assertEquals(1 << 20, out32(InitOut.MAX_WRITE));
    assertTrue(agreed.requestBytes() >= (1 << 20) + InHeader.BYTES + WriteIn.BYTES);
  }

  @Test
  void anOlderKernelMayReadWhereItMayNotWrite() throws NativeException {
    assertEquals(32, agree(7, 32, 0, true).minor());
    writable = true;
    NativeException e = assertThrows(NativeException.class, () -> agree(7, 32, 0, true));
    assertTrue(e.getMessage().contains("7.33"), e.getMessage());
    assertEquals(33, agree(7, 33, 0, true).minor());
  }

  @Test
  void usesTheRingOnlyIfTold() throws NativeException {
    assertFalse(agree(7, 45, -1, false).has(InitFlags.OVER_IO_URING));
  }

  @Test
  void ignoresTheUpperFlagsOfAKernelThatDoesNotSendThem() throws NativeException {
    assertFalse(agree(7, 35, ~InitFlags.INIT_EXT, true).has(InitFlags.OVER_IO_URING));
  }

  @Test
  void readsUpToAMebibyteWhereTheKernelCan() throws NativeException {
    assertEquals(1 << 20, agree(7, 45, InitFlags.MAX_PAGES, true).payloadBytes());
    assertEquals(256, Wire.u16(out, OutHeader.BYTES + InitOut.MAX_PAGES));
    assertEquals(128 << 10, agree(7, 45, 0, true).payloadBytes());
  }

  @Test
  void speaksTheOlderOfTwoMinorVersions() throws NativeException {
    assertEquals(31, agree(7, 31, 0, true).minor());
    assertEquals(ConnectionSetup.NEWEST_MINOR, agree(7, 99, 0, true).minor());
  }

  @Test
  void answersANewerMajorVersionWithItsOwn() throws NativeException {
    assertNull(agree(8, 0, 0, true));
    assertEquals(7, out32(InitOut.MAJOR));
    assertEquals(4, Wire.u64(out, OutHeader.UNIQUE));
  }

  @Test
  void refusesProtocolsThatAreTooOld() {
    NativeException e = assertThrows(NativeException.class, () -> agree(7, 30, 0, true));
    assertEquals(Errno.EPROTO, e.errno());
    assertTrue(e.getMessage().contains("7.30"), e.getMessage());
  }

  @Test
  void countsPossibleCpus() throws IOException {
    assertEquals(1, PossibleCpus.parse("0\n"));
    assertEquals(4, PossibleCpus.parse("0-3\n"));
    assertEquals(12, PossibleCpus.parse("0-3,8-11"));
    assertThrows(IOException.class, () -> PossibleCpus.parse("none"));
  }
}
