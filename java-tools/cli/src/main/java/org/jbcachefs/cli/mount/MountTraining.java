// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.fuse.mount.MountFlags;
import org.jbcachefs.fuse.mount.SystemLog;
import org.jbcachefs.fuse.protocol.Dirent;
import org.jbcachefs.fuse.protocol.EntryOut;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.SetattrIn;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.protocol.WriteIn;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.transport.LocalRequests;

/**
 * Does what a mount does, without a kernel: Java is shown which code is used how often, so that a
 * daemon which is told of it need not find out. The requests are those that the kernel sends for
 * tar, find, cat and rm; a filesystem is opened anew before each walk, since what is not in memory
 * takes other ways.
 */
public final class MountTraining {
  private static final int FOLDERS = 10;
  private static final int FILES = 60;
  private static final long ROOT = 1;
  private static final int DIRECTORY_BYTES = 4096;
  private static final int FILE_BYTES = 3000;
  private static final int S_IFREG = 0100644;

  private final Invocation invocation;
  private final Path image;
  private final int walks;
  private final LocalRequests requests = new LocalRequests();

  /**
   * @param image holds an empty filesystem, and is of no use to anybody else
   * @param walks how often it is walked through: code is worth compiling once it ran thousands of
   *     times
   */
  public MountTraining(Invocation invocation, Path image, int walks) {
    this.invocation = invocation;
    this.image = image;
    this.walks = walks;
  }

  /** What is served: a session, and what it answers. */
  private interface Use {
    void of(Session session);
  }

  /** A name in a directory, and the node that the kernel was told of. */
  private record Known(String name, long node) {}

  /** Fills it, walks through it, and empties it. */
  public void run() throws IOException {
    served(this::fill);
    for (int i = 0; i < walks; i++) {
      served(this::walk);
    }
    served(this::read);
    served(this::empty);
  }

  private void served(Use use) throws IOException {
    MountOpening opening =
        new MountOpening(
            invocation,
            new MemberSpec(List.of(image), null),
            FilesystemWords.of(Map.of(), false, false),
            new PassphraseSources(invocation, null));
    try (MountedFilesystem filesystem = opening.open(MountFlags.parse(Map.of()))) {
      Session session =
          filesystem.session(
              InodeNumbers.AS_KERNEL, SystemLog.stream(invocation.surroundings().err()));
      use.of(session);
      session.end();
    }
  }

  private void fill(Session session) {
    byte[] data = new byte[FILE_BYTES];
    for (int i = 0; i < FOLDERS; i++) {
      long folder = made(session, Opcode.MKDIR, ROOT, 0755, 0, "folder-" + i);
      for (int k = 0; k < FILES; k++) {
        long file = made(session, Opcode.MKNOD, folder, S_IFREG, 0, 0, 0, "a-file-" + k);
        send(session, Opcode.WRITE, file, 0L, 0L, data.length, WriteIn.CACHE, 0L, 0, 0, data);
        send(session, Opcode.SETATTR, file, times(k));
        refused(session, Opcode.GETXATTR, file, 0, 0, "security.capability");
        send(session, Opcode.GETATTR, file, 0, 0, 0L);
        forget(session, file);
      }
      send(session, Opcode.FSYNC, folder, 0L, 0, 0);
      forget(session, folder);
    }
    send(session, Opcode.SYNCFS, ROOT, 0L);
  }

  /** What SETATTR is told by utimensat(2). */
  private static Object[] times(int second) {
    return new Object[] {
      SetattrIn.SETS_MTIME, 0, 0L, 0L, 0L, 0L, (long) second, 0L, 0, 0, 0, 0, 0, 0, 0, 0
    };
  }

  private void walk(Session session) {
    for (Known folder : listed(session, ROOT)) {
      listed(session, folder.node()).forEach(file -> forget(session, file.node()));
      forget(session, folder.node());
    }
  }

  private void read(Session session) {
    for (Known folder : listed(session, ROOT)) {
      for (Known file : listed(session, folder.node())) {
        send(session, Opcode.GETATTR, file.node(), 0, 0, 0L);
        send(session, Opcode.READ, file.node(), 0L, 0L, DIRECTORY_BYTES, 0, 0L, 0, 0);
        forget(session, looked(session, folder.node(), file.name()));
        forget(session, file.node());
      }
      refused(session, Opcode.LOOKUP, folder.node(), "n".repeat(600));
      forget(session, folder.node());
    }
    send(session, Opcode.STATFS, ROOT);
  }

  private void empty(Session session) {
    for (Known folder : listed(session, ROOT)) {
      for (Known file : listed(session, folder.node())) {
        send(session, Opcode.UNLINK, folder.node(), file.name());
        forget(session, file.node());
      }
      if (!folder.name().equals("lost+found")) {
        send(session, Opcode.RMDIR, ROOT, folder.name());
      }
      forget(session, folder.node());
    }
  }

  /** What a directory holds, by as many READDIRPLUS as it takes. */
  private List<Known> listed(Session session, long directory) {
    List<Known> listed = new ArrayList<>();
    long position = 0;
    int length;
    do {
      length =
          send(session, Opcode.READDIRPLUS, directory, 0L, position, DIRECTORY_BYTES, 0, 0L, 0, 0);
      for (int at = 0; at < length; ) {
        int entry = at + EntryOut.BYTES;
        int nameLength = Wire.u32(requests.reply(), entry + Dirent.NAME_LENGTH);
        long node = Wire.u64(requests.reply(), at + EntryOut.NODE);
        if (node != 0) {
          listed.add(new Known(requests.text(entry + Dirent.NAME, nameLength), node));
        }
        position = Wire.u64(requests.reply(), entry + Dirent.NEXT);
        at = entry + Dirent.bytes(nameLength);
      }
    } while (length > 0);
    return listed;
  }

  private long made(Session session, int opcode, long directory, Object... parts) {
    send(session, opcode, directory, parts);
    return Wire.u64(requests.reply(), EntryOut.NODE);
  }

  private long looked(Session session, long directory, String name) {
    return made(session, Opcode.LOOKUP, directory, name);
  }

  private void forget(Session session, long node) {
    session.handle(requests.of(Opcode.FORGET, node, 1L));
  }

  private void refused(Session session, int opcode, long node, Object... parts) {
    if (session.handle(requests.of(opcode, node, parts)) >= 0) {
      throw new IllegalStateException("FUSE operation " + opcode + " was not refused");
    }
  }

  private int send(Session session, int opcode, long node, Object... parts) {
    int answer = session.handle(requests.of(opcode, node, parts));
    if (answer < 0) {
      throw new IllegalStateException("FUSE operation " + opcode + " failed: errno " + -answer);
    }
    return answer;
  }
}
