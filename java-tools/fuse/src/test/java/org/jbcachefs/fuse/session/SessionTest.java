// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.fuse.protocol.Attr;
import org.jbcachefs.fuse.protocol.AttrOut;
import org.jbcachefs.fuse.protocol.Dirent;
import org.jbcachefs.fuse.protocol.EntryOut;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.IoctlOut;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.StatfsOut;
import org.jbcachefs.fuse.protocol.StatxOut;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.testing.MemoryFilesystem;
import org.jbcachefs.fuse.transport.LocalRequests;
import org.jbcachefs.fuse.transport.Request;
import org.jbcachefs.fuse.transport.RequestHandler;
import org.junit.jupiter.api.Test;

/** The session as the kernel would talk to it, over a tree in memory. */
class SessionTest {
  private static final long ROOT = 1;

  private final MemoryFilesystem filesystem = new MemoryFilesystem();
  private final RecordingLog log = new RecordingLog();
  private final Session session =
      Session.readOnly(
          new Served(
              filesystem,
              filesystem,
              filesystem.root(),
              subvolume -> -subvolume,
              4096,
              () -> new Served.Usage(1L << 30, 1L << 29, 1L << 28, 42, 7),
              file -> "/some/path"),
          InodeNumbers.AS_KERNEL,
          log,
          () -> 0);
  private final LocalRequests requests = new LocalRequests();

  private int send(int opcode, long node, Object... parts) {
    return session.handle(requests.of(opcode, node, parts));
  }

  private long lookup(long directory, String name) {
    assertEquals(EntryOut.BYTES, send(Opcode.LOOKUP, directory, name));
    return Wire.u64(requests.reply(), EntryOut.NODE);
  }

  private int read(long node, long offset, int size) {
    return send(Opcode.READ, node, 0L, offset, size, 0, 0L, 0, 0);
  }

  @Test
  void aNameThatIsNotThereMayBeRememberedAsSuch() {
    assertEquals(0, lookup(ROOT, "nothing"));
    assertNotEquals(0, Wire.u64(requests.reply(), EntryOut.ENTRY_SECONDS));
  }

  @Test
  void lookupTellsAttributesExactly() {
    FileId file = filesystem.file(filesystem.root(), "f", new byte[1000]);
    lookup(ROOT, "f");
    MemorySegment reply = requests.reply();
    assertEquals(file.inode(), Wire.u64(reply, EntryOut.ATTR + Attr.INODE));
    assertEquals(1000, Wire.u64(reply, EntryOut.ATTR + Attr.SIZE));
    assertEquals(2, Wire.u64(reply, EntryOut.ATTR + Attr.BLOCKS));
    assertEquals(1_700_000_000L, Wire.u64(reply, EntryOut.ATTR + Attr.MTIME));
    assertEquals(123_456_790, Wire.u32(reply, EntryOut.ATTR + Attr.MTIME_NANOS));
    assertEquals(0100644, Wire.u32(reply, EntryOut.ATTR + Attr.MODE));
    assertEquals(7, Wire.u32(reply, EntryOut.ATTR + Attr.UID));
  }

  @Test
  void timesBefore1970AreWholeSecondsRoundedDown() {
    filesystem.file(filesystem.root(), "f", new byte[0]);
    long node = lookup(ROOT, "f");
    assertEquals(StatxOut.BYTES, send(Opcode.STATX, node, 0, 0, 0L, 0, 0xfff));
    assertEquals(-2, Wire.u64(requests.reply(), StatxOut.BTIME));
    assertEquals(500_000_000, Wire.u32(requests.reply(), StatxOut.BTIME + StatxOut.TIME_NANOS));
    assertEquals(0100644, Wire.u16(requests.reply(), StatxOut.MODE));
  }

  @Test
  void theKernelForgetsNodesOneByOneAndInBatches() {
    filesystem.file(filesystem.root(), "a", new byte[0]);
    filesystem.file(filesystem.root(), "b", new byte[0]);
    long a = lookup(ROOT, "a");
    lookup(ROOT, "a");
    long b = lookup(ROOT, "b");
    assertEquals(2, session.knownNodes());
    assertEquals(RequestHandler.NO_REPLY, send(Opcode.FORGET, a, 1L));
    assertEquals(RequestHandler.NO_REPLY, send(Opcode.BATCH_FORGET, 0, 2, 0, a, 1L, b, 1L));
    assertEquals(0, session.knownNodes());
    assertEquals(-Errno.ESTALE, send(Opcode.GETATTR, a, 0, 0, 0L));
  }

  @Test
  void aBatchOfForgetsThatClaimsMoreThanItHoldsIsReadToItsEnd() {
    filesystem.file(filesystem.root(), "a", new byte[0]);
    long a = lookup(ROOT, "a");
    send(Opcode.BATCH_FORGET, 0, -1, 0, a, 1L);
    assertEquals(0, session.knownNodes());
  }

  @Test
  void readsFilesAndEndsAtTheirEnd() {
    byte[] content = "hello, world".getBytes(StandardCharsets.UTF_8);
    filesystem.file(filesystem.root(), "f", content);
    long node = lookup(ROOT, "f");
    assertEquals(12, read(node, 0, 4096));
    assertArrayEquals(content, requests.reply(12));
    assertEquals(5, read(node, 7, 4096));
    assertEquals(0, read(node, 100, 4096));
    assertEquals(-Errno.EINVAL, read(node, -1, 4096));
    assertEquals(-Errno.EINVAL, read(node, 0, -1));
  }

  @Test
  void lostDataIsAnInputOutputErrorAndALineInTheLog() {
    filesystem.lose(filesystem.file(filesystem.root(), "f", new byte[10]));
    assertEquals(-Errno.EIO, read(lookup(ROOT, "f"), 0, 4096));
    assertTrue(log.lines.getFirst().startsWith("/some/path: read of 4096 bytes at 0: "));
  }

  @Test
  void whatWouldChangeTheFilesystemIsRefused() {
    for (int opcode :
        new int[] {
          Opcode.SETATTR, Opcode.MKDIR, Opcode.UNLINK, Opcode.WRITE, Opcode.SETXATTR, Opcode.CREATE
        }) {
      assertEquals(-Errno.EROFS, send(opcode, ROOT, 0L, 0L, "x"));
    }
  }

  @Test
  void filesNeedNotBeOpened() {
    assertEquals(-Errno.ENOSYS, send(Opcode.OPEN, ROOT, 0, 0));
    assertEquals(-Errno.ENOSYS, send(Opcode.OPENDIR, ROOT, 0, 0));
  }

  @Test
  void findsDataAndHoles() {
    filesystem.sparse(filesystem.root(), "s", 100_000, Map.of(8192L, new byte[4096]));
    long node = lookup(ROOT, "s");
    assertEquals(8, send(Opcode.LSEEK, node, 0L, 0L, 3, 0));
    assertEquals(8192, Wire.u64(requests.reply(), 0));
    assertEquals(8, send(Opcode.LSEEK, node, 0L, 9000L, 4, 0));
    assertEquals(12_288, Wire.u64(requests.reply(), 0));
    assertEquals(-Errno.ENXIO, send(Opcode.LSEEK, node, 0L, 12_288L, 3, 0));
    assertEquals(-Errno.ENXIO, send(Opcode.LSEEK, node, 0L, 100_000L, 4, 0));
    assertEquals(-Errno.EINVAL, send(Opcode.LSEEK, node, 0L, 0L, 0, 0));
  }

  private record Listed(String name, long next, int type, long node) {}

  private List<Listed> readdir(long node, long offset, int size, boolean plus) {
    int opcode = plus ? Opcode.READDIRPLUS : Opcode.READDIR;
    int length = send(opcode, node, 0L, offset, size, 0, 0L, 0, 0);
    assertTrue(length >= 0 && length <= size, "length " + length);
    List<Listed> listed = new ArrayList<>();
    for (long at = 0; at < length; ) {
      long entry = at;
      at += plus ? EntryOut.BYTES : 0;
      int nameLength = Wire.u32(requests.reply(), at + Dirent.NAME_LENGTH);
      byte[] name =
          requests
              .reply()
              .asSlice(at + Dirent.NAME, nameLength)
              .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
      listed.add(
          new Listed(
              new String(name, StandardCharsets.UTF_8),
              Wire.u64(requests.reply(), at + Dirent.NEXT),
              Wire.u32(requests.reply(), at + Dirent.TYPE),
              plus ? Wire.u64(requests.reply(), entry + EntryOut.NODE) : 0));
      at += Dirent.bytes(nameLength);
    }
    return listed;
  }

  @Test
  void directoriesAreListedWholeWhateverTheBufferAndEachNameOnce() {
    TreeSet<String> expected = new TreeSet<>(List.of(".", ".."));
    for (int i = 0; i < 500; i++) {
      String name = "n".repeat(1 + i % 200) + i;
      filesystem.file(filesystem.root(), name, new byte[0]);
      expected.add(name);
    }
    for (boolean plus : new boolean[] {false, true}) {
      for (int size : new int[] {400, 1000, 4096, 32_768}) {
        List<String> names = new ArrayList<>();
        long position = 0;
        while (true) {
          List<Listed> part = readdir(ROOT, position, size, plus);
          if (part.isEmpty()) {
            break;
          }
          part.forEach(entry -> names.add(entry.name()));
          position = part.getLast().next();
        }
        assertEquals(expected.size(), names.size());
        assertEquals(expected, new TreeSet<>(names));
      }
    }
  }

  @Test
  void readdirplusCountsEveryFileItTellsButNotTheDots() {
    filesystem.directory(filesystem.root(), "d");
    filesystem.file(filesystem.root(), "f", new byte[0]);
    List<Listed> listed = readdir(ROOT, 0, 4096, true);
    assertEquals(4, listed.size());
    assertEquals(0, listed.get(0).node());
    assertEquals(0, listed.get(1).node());
    assertEquals(2, session.knownNodes());
    for (Listed entry : listed.subList(2, 4)) {
      assertEquals(entry.node(), lookup(ROOT, entry.name()));
      assertEquals(entry.name().equals("d") ? 4 : 8, entry.type());
    }
  }

  @Test
  void namesThatTheKernelWouldChokeOnAreLeftOut() {
    filesystem.file(filesystem.root(), "a/b", new byte[0]);
    filesystem.file(filesystem.root(), "", new byte[0]);
    filesystem.file(filesystem.root(), "x".repeat(1025), new byte[0]);
    filesystem.file(filesystem.root(), "good", new byte[0]);
    List<Listed> listed = readdir(ROOT, 0, 8192, false);
    assertEquals(List.of(".", "..", "good"), listed.stream().map(Listed::name).toList());
  }

  @Test
  void aPositionBeyondTheLastEntryIsTheEnd() {
    filesystem.file(filesystem.root(), "f", new byte[0]);
    assertEquals(List.of(), readdir(ROOT, Long.MAX_VALUE, 4096, true));
    assertEquals(List.of(), readdir(ROOT, -5, 4096, true));
  }

  @Test
  void xattrsAreToldByLengthAndByValue() {
    FileId file = filesystem.file(filesystem.root(), "f", new byte[0]);
    filesystem.setXattr(file, "user.a", new byte[] {1, 2, 3});
    filesystem.setXattr(file, "bcachefs.compression", "zstd".getBytes(StandardCharsets.UTF_8));
    long node = lookup(ROOT, "f");
    assertEquals(8, send(Opcode.GETXATTR, node, 0, 0, "user.a"));
    assertEquals(3, Wire.u32(requests.reply(), 0));
    assertEquals(3, send(Opcode.GETXATTR, node, 100, 0, "user.a"));
    assertArrayEquals(new byte[] {1, 2, 3}, requests.reply(3));
    assertEquals(-Errno.ERANGE, send(Opcode.GETXATTR, node, 2, 0, "user.a"));
    assertEquals(-Errno.ENODATA, send(Opcode.GETXATTR, node, 100, 0, "user.b"));
    assertEquals(4, send(Opcode.GETXATTR, node, 100, 0, "bcachefs.compression"));
    assertEquals(-Errno.ENODATA, send(Opcode.GETXATTR, node, 100, 0, "bcachefs.nothing"));
  }

  @Test
  void trustedXattrsAreListedForRootOnly() {
    FileId file = filesystem.file(filesystem.root(), "f", new byte[0]);
    filesystem.setXattr(file, "trusted.t", new byte[1]);
    filesystem.setXattr(file, "user.u", new byte[1]);
    filesystem.setXattr(file, "bcachefs_effective.x", new byte[1]);
    long node = lookup(ROOT, "f");
    assertEquals("trusted.t\0user.u\0bcachefs_effective.x\0", listed(node));
    requests.as(1000);
    assertEquals("user.u\0bcachefs_effective.x\0", listed(node));
  }

  private String listed(long node) {
    int length = send(Opcode.LISTXATTR, node, 1000, 0);
    return new String(requests.reply(length), StandardCharsets.UTF_8);
  }

  @Test
  void flagsAndProjectAreToldByIoctl() {
    FileId file = filesystem.file(filesystem.root(), "f", new byte[0]);
    filesystem.setFlags(file, 0x10 | 0x80);
    long node = lookup(ROOT, "f");
    assertEquals(IoctlOut.BYTES + 4, send(Opcode.IOCTL, node, 0L, 0, 0x80086601, 0L, 0, 4));
    assertEquals(0x90, Wire.u32(requests.reply(), IoctlOut.BYTES));
    assertEquals(IoctlOut.BYTES + 28, send(Opcode.IOCTL, node, 0L, 0, 0x801c581f, 0L, 0, 28));
    assertEquals(0x48, Wire.u32(requests.reply(), IoctlOut.BYTES));
    assertEquals(9, Wire.u32(requests.reply(), IoctlOut.BYTES + 12));
    assertEquals(-Errno.EROFS, send(Opcode.IOCTL, node, 0L, 0, 0x40086602, 0L, 4, 0));
    assertEquals(-Errno.ENOTTY, send(Opcode.IOCTL, node, 0L, 0, 0x1234, 0L, 0, 0));
    assertEquals(-Errno.EINVAL, send(Opcode.IOCTL, node, 0L, 0, 0x80086601, 0L, 0, -1));
  }

  @Test
  void symlinksAndStatfsAreAnswered() {
    filesystem.symlink(filesystem.root(), "l", "a/b");
    assertEquals(3, send(Opcode.READLINK, lookup(ROOT, "l")));
    assertArrayEquals("a/b".getBytes(StandardCharsets.UTF_8), requests.reply(3));
    assertEquals(StatfsOut.BYTES, send(Opcode.STATFS, 0));
    assertEquals((1L << 30) / 4096, Wire.u64(requests.reply(), StatfsOut.BLOCKS));
    assertEquals(42, Wire.u64(requests.reply(), StatfsOut.FILES));
  }

  @Test
  void subvolumesHaveNodesOfTheirOwn() {
    FileId subvolume = filesystem.subvolume(filesystem.root(), "s", 5);
    filesystem.subvolume(subvolume, "nested", 6);
    long outer = lookup(ROOT, "s");
    long inner = lookup(outer, "nested");
    assertNotEquals(outer, inner);
    assertEquals(AttrOut.BYTES, send(Opcode.GETATTR, inner, 0, 0, 0L));
    assertNotEquals(4096, Wire.u64(requests.reply(), AttrOut.ATTR + Attr.INODE));
  }

  @Test
  void randomRequestsAreAnsweredAndNeverADefect() {
    filesystem.file(filesystem.root(), "f", new byte[5000]);
    filesystem.symlink(filesystem.root(), "l", "target");
    long node = lookup(ROOT, "f");
    long link = lookup(ROOT, "l");
    long[] nodes = {0, ROOT, node, link, -1, 12_345};
    SplittableRandom random = new SplittableRandom(11);
    int[] harmless = {0};
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = new byte[InHeader.BYTES + random.nextInt(120)];
      random.nextBytes(bytes);
      MemorySegment segment = MemorySegment.ofArray(bytes);
      Wire.u32(segment, InHeader.LENGTH, bytes.length);
      Wire.u32(segment, InHeader.OPCODE, 1 + random.nextInt(55));
      Wire.u64(segment, InHeader.NODE, nodes[random.nextInt(nodes.length)]);
      Request request = requests.raw(bytes);
      int opcode = request.opcode();
      if (opcode == Opcode.READLINK && request.node() != link) {
        continue; // the kernel asks this of symbolic links only
      }
      int result = session.handle(request);
      assertTrue(
          result == RequestHandler.NO_REPLY || (result > -200 && result <= 1 << 20),
          () -> "opcode " + opcode);
      harmless[0]++;
    }
    assertTrue(harmless[0] > 40_000);
    assertFalse(log.lines.stream().anyMatch(line -> line.contains("defect")));
    assertEquals(List.of(), log.defects);
  }
}
