// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.fuse.protocol.AttrOut;
import org.jbcachefs.fuse.protocol.EntryOut;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.SetattrIn;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.protocol.WriteIn;
import org.jbcachefs.fuse.protocol.WriteOut;
import org.jbcachefs.fuse.session.AccessTimes.When;
import org.jbcachefs.fuse.testing.MemoryFilesystem;
import org.jbcachefs.fuse.transport.LocalRequests;
import org.jbcachefs.fuse.transport.RequestHandler;
import org.junit.jupiter.api.Test;

/** What becomes of the requests that change something, told by what arrives at the filesystem. */
class ChangingSessionTest {
  private static final long ROOT = 1;

  private final MemoryFilesystem filesystem = new MemoryFilesystem();
  private final RecordingLog log = new RecordingLog();
  private final List<String> calls = new ArrayList<>();
  private final LocalRequests requests = new LocalRequests().as(1000);
  private BcachefsException failure;
  private long room = Long.MAX_VALUE;
  private Predicate<FileId> user;
  private final FileId file = filesystem.file(filesystem.root(), "file", new byte[10]);
  private final Session session =
      Session.writable(
          new Served(
              filesystem,
              filesystem,
              filesystem.root(),
              subvolume -> -subvolume,
              4096,
              () -> new Served.Usage(0, 0, 0, 0, 0),
              _ -> "/some/path"),
          recorder(),
          InodeNumbers.AS_KERNEL,
          log,
          () -> 0,
          InstantSource.fixed(Instant.ofEpochSecond(5, 7)));

  /** Writes down each call, and answers with the attributes of the one file. */
  private Changes recorder() {
    return (Changes)
        Proxy.newProxyInstance(
            Changes.class.getClassLoader(),
            new Class<?>[] {Changes.class},
            (_, method, arguments) -> called(method.getName(), method.getReturnType(), arguments));
  }

  @SuppressWarnings("unchecked")
  private Object called(String name, Class<?> result, Object[] arguments) {
    if (name.equals("useBy")) {
      user = (Predicate<FileId>) arguments[0];
      return null;
    }
    List<String> words = new ArrayList<>(List.of(name));
    for (Object argument : arguments == null ? new Object[0] : arguments) {
      words.add(shown(argument));
    }
    calls.add(String.join(" ", words));
    if (failure != null) {
      throw failure;
    }
    if (name.equals("write")) {
      long done = Math.min(room, ((MemorySegment) arguments[2]).byteSize());
      room = Long.MAX_VALUE;
      return done;
    }
    return result == void.class ? null : result == long.class ? 5L : filesystem.attributes(file);
  }

  private static String shown(Object argument) {
    return switch (argument) {
      case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
      case FileId id -> "#" + id.inode();
      case MemorySegment data ->
          new String(data.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      case List<?> all -> String.join(" ", all.stream().map(ChangingSessionTest::shown).toList());
      case Changes.Maker maker -> maker.uid() + ":" + maker.gid() + ":" + maker.umask();
      case null -> "-";
      default -> argument.toString();
    };
  }

  private int send(int opcode, long node, Object... parts) {
    return session.handle(requests.of(opcode, node, parts));
  }

  private long node() {
    assertEquals(EntryOut.BYTES, send(Opcode.LOOKUP, ROOT, "file"));
    return Wire.u64(requests.reply(), EntryOut.NODE);
  }

  private String called() {
    return calls.removeLast();
  }

  private int write(long node, long offset, String data, int flags) {
    byte[] head = data.getBytes(StandardCharsets.UTF_8);
    return send(Opcode.WRITE, node, 0L, offset, head.length, flags, 0L, 0, 0, data);
  }

  @Test
  void nothingIsChangedAnyMoreOnceADeviceIsLost() {
    session.deviceLost("/dev/x is gone");
    assertTrue(session.isEmergency());
    assertEquals(-Errno.EROFS, send(Opcode.UNLINK, ROOT, "file"));
    assertEquals(List.of(), calls);
    assertEquals(
        List.of("/dev/x is gone: read-only from now on, to keep what is there"), log.lines);
    session.deviceLost("/dev/y is gone");
    assertEquals(1, log.lines.size());
  }

  @Test
  void whoMakesAFileIsPassedOnWithTheUmask() {
    int device = (3 & 0xff) | 259 << 8 | (70000 & ~0xff) << 12;
    assertEquals(EntryOut.BYTES, send(Opcode.MKNOD, ROOT, 0x61a4, device, 022, 0, "disk"));
    assertTrue(called().startsWith("make #4096 disk 24996 259 "), "type, permissions and major");
    assertEquals(EntryOut.BYTES, send(Opcode.MKDIR, ROOT, 0755, 027, "dir"));
    assertEquals("make #4096 dir 16877 0 0 1000:0:23", called());
    assertEquals(EntryOut.BYTES, send(Opcode.SYMLINK, ROOT, "name", "where/to"));
    assertEquals("symlink #4096 name where/to 1000:0:0", called());
  }

  @Test
  void filesAreNeitherOpenedNorFlushed() {
    for (int opcode : new int[] {Opcode.OPEN, Opcode.OPENDIR, Opcode.FLUSH, Opcode.CREATE}) {
      assertEquals(-Errno.ENOSYS, send(opcode, node(), 0, 0, 0, 0, "x"), "operation " + opcode);
    }
    assertTrue(calls.isEmpty());
  }

  @Test
  void bothNamesOfARenameArrive() {
    assertEquals(0, send(Opcode.RENAME, ROOT, ROOT, "old", "new"));
    assertEquals("rename #4096 old #4096 new 0", called());
    assertEquals(0, send(Opcode.RENAME2, ROOT, ROOT, 2, 0, "old", "new"));
    assertEquals("rename #4096 old #4096 new 2", called());
    assertEquals(-Errno.ESTALE, send(Opcode.RENAME, ROOT, 4711L, "old", "new"));
  }

  @Test
  void onlyTheAttributesThatAreGivenChange() {
    int valid =
        SetattrIn.SETS_MODE | SetattrIn.SETS_MTIME | SetattrIn.ATIME_NOW | SetattrIn.SETS_SIZE;
    assertEquals(
        AttrOut.BYTES,
        send(
            Opcode.SETATTR,
            node(),
            valid,
            0,
            0L,
            77L,
            0L,
            -1L,
            -2L,
            0L,
            9,
            8,
            7,
            0100644,
            0,
            5,
            6,
            0));
    assertEquals(
        "change #"
            + file.inode()
            + " "
            + new Changes.Attributed(
                0644, null, null, 77L, 5_000_000_007L, -1_999_999_992L, null, false),
        called());
  }

  @Test
  void aWriteOfTheCallersOwnMayEndEarly() {
    room = 3;
    assertEquals(WriteOut.BYTES, write(node(), 100, "data", 0));
    assertEquals(3, Wire.u32(requests.reply(), WriteOut.SIZE));
    assertEquals("write #" + file.inode() + " 100 data false false", called());
    assertTrue(calls.isEmpty());
  }

  @Test
  void whatComesFromThePageCacheIsWrittenAsAWhole() {
    room = 3;
    assertEquals(WriteOut.BYTES, write(node(), 100, "data", WriteIn.CACHE | WriteIn.KILL_SUIDGID));
    assertEquals(4, Wire.u32(requests.reply(), WriteOut.SIZE));
    assertEquals("write #" + file.inode() + " 103 a false false", called());
    assertEquals("write #" + file.inode() + " 100 data true true", called());
  }

  @Test
  void attributesCarryNameValueAndFlags() {
    assertEquals(0, send(Opcode.SETXATTR, node(), 5, 1, 1, 0, "user.x", "value"));
    assertEquals("setXattr #" + file.inode() + " user.x value 1 true", called());
    assertEquals(-Errno.EINVAL, send(Opcode.SETXATTR, node(), 500, 1, 1, 0, "user.x", "value"));
    assertEquals(0, send(Opcode.REMOVEXATTR, node(), "user.x"));
    assertEquals("removeXattr #" + file.inode() + " user.x", called());
  }

  @Test
  void aFileIsInUseUntilTheKernelForgetsIt() {
    assertFalse(user.test(file));
    long node = node();
    assertEquals(node, node());
    assertTrue(user.test(file));
    assertEquals(RequestHandler.NO_REPLY, send(Opcode.FORGET, node, 1L));
    assertTrue(user.test(file));
    assertTrue(calls.isEmpty());
    assertEquals(RequestHandler.NO_REPLY, send(Opcode.FORGET, node, 1L));
    assertFalse(user.test(file));
    assertEquals("forgotten #" + file.inode(), called());
  }

  @Test
  void whatPosixForbidsIsAnErrorAndNothingMore() {
    failure = new PosixException(PosixError.ENOTEMPTY, "there is something in it");
    assertEquals(-39, send(Opcode.RMDIR, ROOT, "dir"));
    assertFalse(session.isEmergency());
    assertTrue(log.lines.isEmpty());
  }

  @Test
  void aDeviceThatFailsMakesItReadOnly() {
    long node = node();
    failure = new DeviceException(Place.device("disk", 0), "does not answer");
    assertEquals(-Errno.EIO, send(Opcode.FSYNC, node, 0L, 0, 0));
    assertTrue(session.isEmergency());
    assertTrue(log.lines.getLast().contains("read-only"), log.lines.toString());
    failure = null;
    calls.clear();
    assertEquals(-Errno.EROFS, send(Opcode.UNLINK, ROOT, "file"));
    assertEquals(-Errno.EROFS, write(node, 0, "x", 0));
    assertEquals(-Errno.EROFS, send(Opcode.FSYNC, node, 0L, 0, 0), "what is lost is not synced");
    assertEquals(AttrOut.BYTES, send(Opcode.GETATTR, node, 0, 0, 0L), "reading goes on");
    assertTrue(calls.isEmpty());
  }

  @Test
  void metadataThatCannotBeReadAreAMatterOfPolicy() {
    long node = node();
    AtomicBoolean ended = new AtomicBoolean();
    AtomicReference<ErrorPolicy> policy = new AtomicReference<>(ErrorPolicy.CONTINUE);
    session.onErrors(policy::get, () -> ended.set(true));
    failure = new CorruptionException("btree_node_read_error", Place.NOWHERE, "no good copy");
    assertEquals(-Errno.EIO, send(Opcode.UNLINK, ROOT, "file"));
    assertFalse(session.isEmergency(), "it is told, and goes on");
    policy.set(ErrorPolicy.PANIC);
    assertEquals(-Errno.EIO, send(Opcode.UNLINK, ROOT, "file"));
    assertTrue(ended.get());
    policy.set(ErrorPolicy.FIX_SAFE);
    assertEquals(-Errno.EIO, send(Opcode.UNLINK, ROOT, "file"));
    assertTrue(session.isEmergency());
    failure = null;
    assertEquals(-Errno.EROFS, write(node, 0, "x", 0));
  }

  @Test
  void bytesOfAFileThatAreLostKeepNobodyFromChangingOthers() {
    long node = node();
    failure = new LostDataException(Place.NOWHERE, "no good copy");
    assertEquals(-Errno.EIO, write(node, 0, "x", 0));
    assertFalse(session.isEmergency());
  }

  @Test
  void nothingChangesWhileTheGateIsShut() throws InterruptedException {
    long node = node();
    assertTrue(session.gate().shut(() -> {}, 1000));
    assertEquals(-Errno.EROFS, send(Opcode.UNLINK, ROOT, "file"));
    assertEquals(-Errno.EROFS, write(node, 0, "x", 0));
    assertEquals(
        -Errno.EROFS, send(Opcode.IOCTL, node, 0L, 0, 0x40086602, 0L, 8, 0, 0, 0), "chattr");
    assertEquals(0, send(Opcode.FSYNC, node, 0L, 0, 0), "everything is durable");
    session.inBackground("work", () -> calls.add("work"));
    assertEquals(List.of(), calls);
    assertTrue(session.gate().open());
    assertEquals(0, send(Opcode.UNLINK, ROOT, "file"));
    assertFalse(session.isEmergency());
    session.deviceLost("/dev/x is gone");
    assertFalse(session.gate().open(), "for good");
  }

  @Test
  void whatIsInsideIsWaitedFor() throws InterruptedException {
    assertTrue(session.gate().enter());
    AtomicBoolean shut = new AtomicBoolean(true);
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              try {
                shut.set(session.gate().shut(() -> calls.add("last"), 20));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    other.join();
    assertFalse(shut.get(), "somebody is inside");
    assertEquals(List.of(), calls);
    session.gate().leave();
    assertTrue(session.gate().enter(), "it is as before");
    session.gate().leave();
  }

  @Test
  void aChangeThatComesThoughItIsShutMayOpenIt() throws InterruptedException {
    assertTrue(session.gate().shut(() -> {}, 1000));
    session.onShut(session.gate()::open);
    assertEquals(0, send(Opcode.UNLINK, ROOT, "file"));
  }

  @Test
  void readsAreNotedAsTheMountSays() {
    long node = node();
    When never = When.NEVER;
    assertEquals(4, send(Opcode.READ, node, 0L, 0L, 4, 0, 0L, 0, 0));
    assertEquals(List.of(), calls, "nothing was said of it yet");
    session.noteReads(new AccessTimes(When.RELATIVE, never, false));
    assertEquals(4, send(Opcode.READ, node, 0L, 0L, 4, 0, 0L, 0, 0));
    assertEquals("accessed #" + file.inode() + " 5000000007 false", called());
    session.noteReads(new AccessTimes(When.ALWAYS, When.ALWAYS, false));
    assertEquals(4, send(Opcode.READ, node, 0L, 0L, 4, 0, 0L, 0, 0));
    assertEquals("accessed #" + file.inode() + " 5000000007 true", called());
    session.deviceLost("/dev/x is gone");
    assertEquals(4, send(Opcode.READ, node, 0L, 0L, 4, 0, 0L, 0, 0));
    assertEquals(List.of(), calls);
  }
}
