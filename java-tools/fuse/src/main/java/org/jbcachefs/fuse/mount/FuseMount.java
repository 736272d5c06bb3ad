// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.fuse.protocol.InitFlags;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.transport.ConnectionSetup;
import org.jbcachefs.fuse.transport.DeviceTransport;
import org.jbcachefs.fuse.transport.FuseDescriptor;
import org.jbcachefs.fuse.transport.FuseNotifier;
import org.jbcachefs.fuse.transport.RequestHandler;
import org.jbcachefs.fuse.transport.RingTransport;
import org.jbcachefs.fuse.transport.Transport;

/** A filesystem mounted by this process. Thread-safe once mounted. */
public final class FuseMount {
  private static final String HELPER = "fusermount3";
  private static final Path RING_SWITCH = Path.of("/sys/module/fuse/parameters/enable_uring");
  private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");
  private static final int DIRECTORY_MODE = 040000;

  private final MountPlan plan;
  private final LibC libc;
  private final FuseDescriptor connection;
  private final Transport transport;
  private final Optional<MountEntry> entry;
  private final boolean mayChange;

  private FuseMount(
      MountPlan plan,
      LibC libc,
      FuseDescriptor connection,
      Transport transport,
      Optional<MountEntry> entry,
      boolean mayChange) {
    this.plan = plan;
    this.libc = libc;
    this.connection = connection;
    this.transport = transport;
    this.entry = entry;
    this.mayChange = mayChange;
  }

  /**
   * Mounts, answers FUSE_INIT and begins to serve.
   *
   * @throws RefusedException if the directory cannot be mounted on, or native code is missing
   * @throws NativeException if the kernel refuses
   */
  public static FuseMount mount(MountPlan plan, RequestHandler handler, SessionLog log)
      throws IOException {
    NativeLibrary.load();
    requireDirectory(plan.directory());
    LibC libc = LibC.load();
    FuseDescriptor connection = attach(plan, libc);
    FuseMount mounted = null;
    try {
      mounted = serve(plan, libc, connection, handler, log);
      return mounted;
    } finally {
      if (mounted == null) {
        detach(plan.directory(), libc, true);
        connection.close();
      }
    }
  }

  /**
   * To be asked before a filesystem is opened, which may write to it.
   *
   * @throws RefusedException if nothing can be mounted there
   */
  public static void requireDirectory(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new RefusedException(
          "no_mountpoint", Place.device(directory.toString(), -1), "is not a directory");
    }
  }

  private static FuseDescriptor attach(MountPlan plan, LibC libc) throws NativeException {
    return libc.geteuid() == 0 ? attachAsRoot(plan, libc) : attachByHelper(plan);
  }

  private static FuseDescriptor attachAsRoot(MountPlan plan, LibC libc) throws NativeException {
    FuseDescriptor connection = FuseDescriptor.open();
    String data =
        "fd=%d,rootmode=%o,user_id=%d,group_id=%d,default_permissions,max_read=%d%s"
            .formatted(
                connection.number(),
                DIRECTORY_MODE,
                libc.getuid(),
                libc.getegid(),
                MountPlan.PAYLOAD_BYTES,
                Boolean.FALSE.equals(plan.flags().allowOther()) ? "" : ",allow_other");
    try {
      libc.mount(
          plan.source(),
          plan.directory().toString(),
          MountEntry.TYPE,
          new NativeLong(plan.flags().kernel()),
          data);
      return connection;
    } catch (LastErrorException e) {
      connection.close();
      throw new NativeException("mount on " + plan.directory(), e.getErrorCode());
    }
  }

  private static FuseDescriptor attachByHelper(MountPlan plan) throws NativeException {
    List<String> options = new ArrayList<>(plan.flags().words());
    options.add("default_permissions");
    options.add("max_read=" + MountPlan.PAYLOAD_BYTES);
    options.add("subtype=jbcachefs");
    // A comma or a backslash within a value has to be escaped.
    options.add("fsname=" + plan.source().replace("\\", "\\\\").replace(",", "\\,"));
    if (Boolean.TRUE.equals(plan.flags().allowOther())) {
      options.add("allow_other");
    }
    return FuseDescriptor.mountByHelper(
        HELPER, String.join(",", options), plan.directory().toString());
  }

  private static FuseMount serve(
      MountPlan plan, LibC libc, FuseDescriptor connection, RequestHandler handler, SessionLog log)
      throws IOException {
    ConnectionSetup.Agreement agreed =
        ConnectionSetup.negotiate(
            connection,
            new ConnectionSetup.Wishes(
                MountPlan.PAYLOAD_BYTES,
                plan.ring() && ringIsEnabled(),
                plan.mayChange(),
                plan.flags().writable(),
                plan.writeback()));
    boolean ring = agreed.has(InitFlags.OVER_IO_URING);
    if (plan.ringNeeded() && !ring) {
      throw new RefusedException(
          "no_io_uring",
          Place.NOWHERE,
          "-o transport=uring: this kernel does not offer FUSE over io_uring (see "
              + RING_SWITCH
              + ")");
    }
    Transport transport =
        ring
            ? new RingTransport(connection, agreed, handler, log::warning)
            : new DeviceTransport(connection, plan.threads(), agreed, handler, log::warning);
    transport.start();
    Optional<MountEntry> entry = MountEntry.at(plan.directory());
    if (entry.isPresent() && plan.readaheadKib() > 0 && libc.geteuid() == 0) {
      raiseReadahead(entry.get(), plan.readaheadKib(), log);
    }
    if (entry.isPresent() && agreed.writable() && plan.manyDirtyPages()) {
      allowDirtyPages(entry.get());
    }
    return new FuseMount(plan, libc, connection, transport, entry, agreed.writable());
  }

  /**
   * As many pages may wait to be written as for other filesystems, see {@link
   * MountPlan#manyDirtyPages}.
   */
  private static void allowDirtyPages(MountEntry entry) {
    Path folder = Path.of("/sys/class/bdi", entry.device());
    try {
      Files.writeString(folder.resolve("max_ratio"), "100\n");
      Files.writeString(folder.resolve("strict_limit"), "0\n");
    } catch (IOException e) {
      // Only root may, and kernels before 6.2 have no such switch: it stays as it is.
      return;
    }
  }

  private static boolean ringIsEnabled() {
    try {
      return Files.isReadable(RING_SWITCH)
          && Files.readString(RING_SWITCH, StandardCharsets.US_ASCII).startsWith("Y");
    } catch (IOException e) {
      return false;
    }
  }

  /** FUSE_INIT can only lower what the kernel reads ahead; root may raise it. */
  private static void raiseReadahead(MountEntry entry, int kib, SessionLog log) {
    Path file = Path.of("/sys/class/bdi", entry.device(), "read_ahead_kb");
    try {
      Files.writeString(file, kib + "\n");
    } catch (IOException e) {
      log.warning("readahead stays as it is: " + file + ": " + e.getMessage());
    }
  }

  /** How requests are served, for people. */
  public String description() {
    return transport.description();
  }

  /** The mount as the kernel has it now; empty where it is no more, or /proc does not tell. */
  public Optional<MountEntry> now() {
    try {
      return MountEntry.at(plan.directory()).filter(MountEntry::isOurs);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Calls that whenever the kernel's mounts change, by a thread that ends with the process.
   *
   * @throws NativeException if they cannot be watched
   */
  public void watch(Consumer<MountEntry> changed) throws NativeException {
    new MountWatch(libc).start(() -> now().ifPresent(changed));
  }

  /**
   * Changes the kernel's flags of the mount, after it has written what it keeps.
   *
   * @return false if that is not ours to do: only root can
   * @throws NativeException EBUSY if it is to be read-only, and a file is open for writing
   */
  public boolean remount(MountFlags flags) throws NativeException {
    writeBack();
    if (libc.geteuid() != 0) {
      return false;
    }
    try {
      libc.mount(
          plan.source(),
          plan.directory().toString(),
          MountEntry.TYPE,
          new NativeLong(flags.kernel() | LibC.MS_REMOUNT),
          "");
      return true;
    } catch (LastErrorException e) {
      throw new NativeException("remount " + plan.directory(), e.getErrorCode());
    }
  }

  /** Whether {@link #remount} reaches the kernel. */
  public boolean tellsKernel() {
    return libc.geteuid() == 0;
  }

  /** Whether the kernel was told that the filesystem may be changed, now or later. */
  public boolean mayChange() {
    return mayChange;
  }

  /** "major:minor" of the mounted filesystem, if /proc tells. */
  public Optional<String> device() {
    return entry.map(MountEntry::device);
  }

  /** Waits until it is unmounted by whomever and every request is answered. */
  public void awaitUnmount() throws InterruptedException {
    transport.awaitEnd();
    connection.close();
  }

  /**
   * Unmounts, after everything that the kernel still keeps has been written; a mount that is in use
   * is detached, and goes on until its last user has left.
   */
  public void unmount() {
    if (mayChange) {
      writeBack();
    }
    detach(plan.directory(), libc, false);
  }

  private void writeBack() {
    try {
      WriteBack.of(plan.directory());
    } catch (NativeException e) {
      // Unmounted by somebody else, which writes back too; or its errors are told to those who
      // sync.
      return;
    }
  }

  /**
   * Ends the connection though it is in use: whoever uses it gets ENOTCONN or ECONNABORTED. False
   * if that cannot be done here.
   */
  public boolean abort() {
    if (entry.isEmpty()) {
      return false;
    }
    String device = entry.get().device();
    Path file = CONNECTIONS.resolve(device.substring(device.indexOf(':') + 1)).resolve("abort");
    try {
      Files.writeString(file, "1\n");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** What makes the kernel forget what it was told of files. */
  public FuseNotifier notifier() {
    return new FuseNotifier(connection);
  }

  private static void detach(Path directory, LibC libc, boolean atOnce) {
    try {
      Unmount.once(directory, libc, atOnce);
    } catch (NativeException e) {
      if (!atOnce) {
        detach(directory, libc, true);
      }
    }
  }
}
