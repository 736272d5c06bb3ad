// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.fuse.mount.FuseMount;
import org.jbcachefs.fuse.mount.MountFlags;
import org.jbcachefs.fuse.mount.MountPlan;
import org.jbcachefs.fuse.mount.SystemLog;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.Served;
import org.jbcachefs.fuse.session.Session;

/**
 * Mounts the filesystem in memory in the foreground: {@code MemoryMount DIR [OPTIONS]}. For
 * tests/fuse, and to measure the transports with an engine that costs nothing.
 */
public final class MemoryMount {
  private static final long BIG = 1L << 30;

  private MemoryMount() {}

  /** Arguments: mountpoint, options. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Map<String, String> options = new LinkedHashMap<>();
    for (String word : (arguments.length > 1 ? arguments[1] : "ro").split(",", -1)) {
      int equals = word.indexOf('=');
      options.put(
          equals < 0 ? word : word.substring(0, equals),
          equals < 0 ? "" : word.substring(equals + 1));
    }
    MemoryFilesystem filesystem = filled();
    Served served =
        new Served(
            filesystem,
            filesystem,
            filesystem.root(),
            subvolume -> -subvolume,
            4096,
            () -> new Served.Usage(1L << 40, 1L << 39, 1L << 39, 12345, 6789),
            file -> "inode " + file.inode());
    Session session =
        Session.readOnly(
            served, InodeNumbers.AS_KERNEL, SystemLog.stream(System.err), System::nanoTime);
    MountPlan plan =
        MountPlan.of("memory", Path.of(arguments[0]).toAbsolutePath(), MountFlags.parse(options));
    FuseMount mount = FuseMount.mount(plan, session, SystemLog.stream(System.err));
    Runtime.getRuntime().addShutdownHook(new Thread(mount::unmount));
    System.out.println("mounted: " + mount.description());
    mount.awaitUnmount();
    System.out.println("unmounted, nodes still known: " + session.knownNodes());
  }

  /** A tree with one of each kind, a wide directory and big files. */
  static MemoryFilesystem filled() {
    MemoryFilesystem filesystem = new MemoryFilesystem();
    FileId root = filesystem.root();
    FileId hello =
        filesystem.file(root, "hello", "hello, world\n".getBytes(StandardCharsets.UTF_8));
    filesystem.hardLink(root, "hello-again", hello);
    filesystem.setXattr(hello, "user.colour", "blue".getBytes(StandardCharsets.UTF_8));
    filesystem.setXattr(hello, "trusted.secret", "x".getBytes(StandardCharsets.UTF_8));
    filesystem.setXattr(
        hello, "bcachefs_effective.compression", "lz4".getBytes(StandardCharsets.UTF_8));
    filesystem.setFlags(hello, 0x10);
    filesystem.symlink(root, "link", "dir/inner");
    FileId directory = filesystem.directory(root, "dir");
    filesystem.file(directory, "inner", new byte[100]);
    FileId subvolume = filesystem.subvolume(directory, "snapshot", 2);
    filesystem.subvolume(subvolume, "nested", 3);
    filesystem.lose(filesystem.file(root, "lost", new byte[10_000]));
    filesystem.sparse(
        root, "sparse", 1 << 20, Map.of(8192L, new byte[4096], 65536L, new byte[100]));
    filesystem.patterned(root, "big", BIG);
    FileId wide = filesystem.directory(root, "wide");
    for (int i = 0; i < 20_000; i++) {
      filesystem.file(wide, "file-%05d".formatted(i), new byte[i % 100]);
    }
    filesystem.file(root, "n".repeat(255), new byte[1]);
    return filesystem;
  }
}
