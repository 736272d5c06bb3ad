// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.DeviceGeometry;
import org.jbcachefs.block.DeviceGeometry.Answer;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * An open /dev/jbcachefs, the node of the kernel shim (docs/ioctl.md). Closing it gives everything
 * back that was claimed through it. Thread-safe, but for {@link #close}, which must come last.
 */
public final class ShimNode implements AutoCloseable {
  /** Where the module's node is. */
  public static final Path PATH = Path.of("/dev/jbcachefs");

  /** Read, write and the rest, as {@link #request} takes them. */
  public static final int READ = 0;

  public static final int WRITE = 1;
  public static final int FLUSH = 2;
  public static final int DISCARD = 3;
  public static final int WRITE_ZEROES = 4;

  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final int fd;

  private ShimNode(int fd) {
    this.fd = fd;
  }

  /** Whether the module is loaded. */
  public static boolean isPresent() {
    return Files.exists(PATH);
  }

  /**
   * Opens the node.
   *
   * @throws NativeException ENOENT if the module is not loaded, EACCES if the caller may not
   */
  public static ShimNode open() throws NativeException {
    return open(false);
  }

  /** The same, for calls that are received only when they are there. */
  static ShimNode openNonBlocking() throws NativeException {
    return open(true);
  }

  private static ShimNode open(boolean nonBlocking) throws NativeException {
    NativeLibrary.load();
    try (Arena arena = Arena.ofConfined()) {
      long path = arena.allocateFrom(PATH.toString()).address();
      return new ShimNode(
          NativeException.check("open " + PATH, ShimNative.openNode(path, nonBlocking)));
    }
  }

  /**
   * Opens the node, for users.
   *
   * @throws DeviceException that says what to do if it cannot be opened
   */
  public static ShimNode require() {
    try {
      return open();
    } catch (NativeException e) {
      throw new DeviceException(
          Place.device(PATH.toString(), -1),
          e.errno() == Errno.ENOENT
              ? "is not there; load the module: modprobe jbcachefs_shim"
              : "cannot open: " + Errno.text(e.errno()),
          e);
    }
  }

  /** For native code that works with the node. */
  public int descriptor() {
    return fd;
  }

  public ShimInfo info() throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(ShimLayout.INFO_BYTES, 8);
      control("ask the module what it can do", ShimLayout.IOC_INFO, info);
      return new ShimInfo(
          text(info, ShimLayout.INFO_VERSION, ShimLayout.INFO_VERSION_BYTES),
          info.get(ValueLayout.JAVA_LONG, ShimLayout.INFO_FEATURES));
    }
  }

  /**
   * Claims a device, exclusively, and keeps others from writing to it where the kernel can do that.
   *
   * @return the claim's number
   * @throws NativeException EBUSY if somebody holds the device; see docs/ioctl.md for the others
   */
  public int claim(Path device, boolean write) throws NativeException {
    int deviceFd;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(device.toString());
      deviceFd = NativeException.check("open " + device, ShimNative.openDevice(path.address()));
    }
    try {
      return claim(deviceFd, write);
    } finally {
      ShimNative.close(deviceFd);
    }
  }

  private int claim(int deviceFd, boolean write) throws NativeException {
    if (write) {
      try {
        return claim(deviceFd, ShimLayout.CLAIM_WRITE | ShimLayout.CLAIM_RESTRICT_WRITES);
      } catch (NativeException e) {
        // Somebody who holds it keeps the plain claim out as well; a mere open for writing does
        // not.
        if (e.errno() != Errno.EBUSY) {
          throw e;
        }
      }
    }
    return claim(deviceFd, write ? ShimLayout.CLAIM_WRITE : 0);
  }

  private int claim(int deviceFd, int flags) throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment claim = arena.allocate(ShimLayout.CLAIM_BYTES, 8);
      claim.set(ValueLayout.JAVA_INT, ShimLayout.CLAIM_FD, deviceFd);
      claim.set(ValueLayout.JAVA_INT, ShimLayout.CLAIM_FLAGS, flags);
      control("claim", ShimLayout.IOC_CLAIM, claim);
      return claim.get(ValueLayout.JAVA_INT, ShimLayout.CLAIM_CLAIM);
    }
  }

  /** Gives a claim back, when the requests that use it have ended. */
  public void release(int claim) throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment release = arena.allocate(ShimLayout.RELEASE_BYTES, 8);
      release.set(ValueLayout.JAVA_INT, ShimLayout.RELEASE_CLAIM, claim);
      control("release", ShimLayout.IOC_RELEASE, release);
    }
  }

  public DeviceGeometry geometry(int claim) throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment g = arena.allocate(ShimLayout.GEOMETRY_BYTES, 8);
      g.set(ValueLayout.JAVA_INT, ShimLayout.GEOMETRY_CLAIM, claim);
      control("ask for its geometry", ShimLayout.IOC_GEOMETRY, g);
      int flags = g.get(ValueLayout.JAVA_INT, ShimLayout.GEOMETRY_FLAGS);
      return new DeviceGeometry(
          text(g, ShimLayout.GEOMETRY_NAME, ShimLayout.NAME_BYTES),
          unsigned(g, ShimLayout.GEOMETRY_MAJOR),
          unsigned(g, ShimLayout.GEOMETRY_MINOR),
          g.get(ValueLayout.JAVA_LONG, ShimLayout.GEOMETRY_SIZE),
          unsigned(g, ShimLayout.GEOMETRY_LOGICAL_BLOCK),
          unsigned(g, ShimLayout.GEOMETRY_PHYSICAL_BLOCK),
          unsigned(g, ShimLayout.GEOMETRY_IO_MIN),
          unsigned(g, ShimLayout.GEOMETRY_IO_OPTIMAL),
          unsigned(g, ShimLayout.GEOMETRY_DMA_ALIGNMENT),
          unsigned(g, ShimLayout.GEOMETRY_DISCARD_GRANULARITY),
          g.get(ValueLayout.JAVA_LONG, ShimLayout.GEOMETRY_MAX_DISCARD),
          g.get(ValueLayout.JAVA_LONG, ShimLayout.GEOMETRY_MAX_WRITE_ZEROES),
          answer(flags, ShimLayout.FLAG_ROTATIONAL),
          answer(flags, ShimLayout.FLAG_WRITE_CACHE),
          answer(flags, ShimLayout.FLAG_FUA),
          answer(flags, ShimLayout.FLAG_STABLE),
          answer(flags, ShimLayout.FLAG_READ_ONLY));
    }
  }

  private static Answer answer(int flags, int flag) {
    return Answer.of((flags & flag) != 0);
  }

  private static long unsigned(MemorySegment memory, long offset) {
    return Integer.toUnsignedLong(memory.get(ValueLayout.JAVA_INT, offset));
  }

  /** The claims of all processes. */
  public List<ShimClaim> claims() throws NativeException {
    List<ShimClaim> found = new ArrayList<>();
    long serial = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(ShimLayout.CLAIM_ENTRY_BYTES, 8);
      for (; ; ) {
        entry.fill((byte) 0);
        entry.set(ValueLayout.JAVA_LONG, ShimLayout.CLAIM_ENTRY_SERIAL, serial);
        if (!next("list claims", ShimLayout.IOC_NEXT_CLAIM, entry)) {
          return found;
        }
        serial = entry.get(ValueLayout.JAVA_LONG, ShimLayout.CLAIM_ENTRY_SERIAL);
        found.add(claimOf(entry));
      }
    }
  }

  private static ShimClaim claimOf(MemorySegment entry) {
    int flags = entry.get(ValueLayout.JAVA_INT, ShimLayout.CLAIM_ENTRY_FLAGS);
    return new ShimClaim(
        text(entry, ShimLayout.CLAIM_ENTRY_NAME, ShimLayout.NAME_BYTES),
        entry.get(ValueLayout.JAVA_INT, ShimLayout.CLAIM_ENTRY_MAJOR),
        entry.get(ValueLayout.JAVA_INT, ShimLayout.CLAIM_ENTRY_MINOR),
        entry.get(ValueLayout.JAVA_INT, ShimLayout.CLAIM_ENTRY_PID),
        text(entry, ShimLayout.CLAIM_ENTRY_COMM, ShimLayout.COMM_BYTES),
        entry.get(ValueLayout.JAVA_LONG, ShimLayout.CLAIM_ENTRY_INFLIGHT),
        (flags & ShimLayout.FLAG_WRITE) != 0,
        (flags & ShimLayout.FLAG_READ_ONLY) != 0,
        (flags & ShimLayout.FLAG_DEAD) != 0);
  }

  /** The filesystems that daemons have registered. */
  public List<ShimFilesystem> filesystems() throws NativeException {
    List<ShimFilesystem> found = new ArrayList<>();
    long serial = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(ShimLayout.FILESYSTEM_BYTES, 8);
      MemorySegment members = arena.allocate(ShimLayout.MAX_MEMBERS_BYTES);
      for (; ; ) {
        entry.fill((byte) 0);
        entry.set(ValueLayout.JAVA_LONG, ShimLayout.FILESYSTEM_SERIAL, serial);
        entry.set(ValueLayout.JAVA_LONG, ShimLayout.FILESYSTEM_MEMBERS, members.address());
        entry.set(
            ValueLayout.JAVA_INT, ShimLayout.FILESYSTEM_MEMBERS_SIZE, ShimLayout.MAX_MEMBERS_BYTES);
        if (!next("list filesystems", ShimLayout.IOC_NEXT_FILESYSTEM, entry)) {
          return found;
        }
        serial = entry.get(ValueLayout.JAVA_LONG, ShimLayout.FILESYSTEM_SERIAL);
        found.add(filesystemOf(entry, members));
      }
    }
  }

  private static ShimFilesystem filesystemOf(MemorySegment entry, MemorySegment members) {
    int length = entry.get(ValueLayout.JAVA_INT, ShimLayout.FILESYSTEM_MEMBERS_LENGTH);
    byte[] text =
        members
            .asSlice(0, Math.clamp(length, 0, ShimLayout.MAX_MEMBERS_BYTES))
            .toArray(ValueLayout.JAVA_BYTE);
    return new ShimFilesystem(
        new UUID(
            entry.get(BIG_ENDIAN_LONG, ShimLayout.FILESYSTEM_UUID),
            entry.get(BIG_ENDIAN_LONG, ShimLayout.FILESYSTEM_UUID + 8L)),
        text(entry, ShimLayout.FILESYSTEM_LABEL, ShimLayout.LABEL_BYTES),
        new String(text, StandardCharsets.UTF_8),
        entry.get(ValueLayout.JAVA_INT, ShimLayout.FILESYSTEM_PID),
        text(entry, ShimLayout.FILESYSTEM_COMM, ShimLayout.COMM_BYTES),
        entry.get(ValueLayout.JAVA_INT, ShimLayout.FILESYSTEM_CALLS));
  }

  /** Who claimed that device, if anybody did. */
  public Optional<ShimClaim> holder(String node) throws NativeException {
    return claims().stream().filter(claim -> claim.node().equals(node)).findFirst();
  }

  /**
   * Does one request of aligned blocks on a claim and waits for it.
   *
   * @param operation {@link #READ} and its like
   * @param flags of {@link org.jbcachefs.block.IoFlags}
   * @return 0 or a negative errno
   */
  public int request(int claim, int operation, int flags, long offset, long address, long length) {
    return ShimNative.request(fd, claim, operation, flags, offset, address, length);
  }

  private boolean next(String operation, long command, MemorySegment entry) throws NativeException {
    int result = ShimNative.control(fd, command, entry.address());
    if (result == -Errno.ENOENT) {
      return false;
    }
    NativeException.check(operation, result);
    return true;
  }

  /** Says that this node's owner serves a filesystem; see {@link ShimDaemon}. */
  void register(UUID filesystem, String label, String members) throws NativeException {
    byte[] labelBytes = ShimDaemon.cut(label, ShimLayout.LABEL_BYTES - 1);
    byte[] memberBytes = ShimDaemon.cut(members, ShimLayout.MAX_MEMBERS_BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment register = arena.allocate(ShimLayout.REGISTER_BYTES, 8);
      MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, memberBytes);
      setUuid(register, ShimLayout.REGISTER_UUID, filesystem);
      MemorySegment.copy(
          labelBytes,
          0,
          register,
          ValueLayout.JAVA_BYTE,
          ShimLayout.REGISTER_LABEL,
          labelBytes.length);
      register.set(ValueLayout.JAVA_LONG, ShimLayout.REGISTER_MEMBERS, text.address());
      register.set(ValueLayout.JAVA_INT, ShimLayout.REGISTER_MEMBERS_LENGTH, memberBytes.length);
      control("register filesystem " + filesystem, ShimLayout.IOC_REGISTER, register);
    }
  }

  private static void setUuid(MemorySegment memory, long offset, UUID uuid) {
    memory.set(BIG_ENDIAN_LONG, offset, uuid.getMostSignificantBits());
    memory.set(BIG_ENDIAN_LONG, offset + 8, uuid.getLeastSignificantBits());
  }

  /**
   * Sends a message to the daemon of a filesystem and waits for its answer.
   *
   * @param operation means what both ends say it means
   * @param timeoutMillis 0 for no limit
   * @throws NativeException ENOENT if nobody serves it, EBUSY if too many wait, ETIMEDOUT, EPIPE if
   *     the daemon went away, EMSGSIZE for more than {@link ShimDaemon#MOST_BYTES}
   */
  public ShimAnswer call(UUID filesystem, int operation, byte[] message, int timeoutMillis)
      throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment call = arena.allocate(ShimLayout.CALL_BYTES, 8);
      MemorySegment request = arena.allocateFrom(ValueLayout.JAVA_BYTE, message);
      MemorySegment reply = arena.allocate(ShimLayout.MAX_MESSAGE_BYTES);
      setUuid(call, ShimLayout.CALL_UUID, filesystem);
      call.set(ValueLayout.JAVA_INT, ShimLayout.CALL_OPERATION, operation);
      call.set(ValueLayout.JAVA_INT, ShimLayout.CALL_TIMEOUT_MS, timeoutMillis);
      call.set(ValueLayout.JAVA_LONG, ShimLayout.CALL_REQUEST, request.address());
      call.set(ValueLayout.JAVA_INT, ShimLayout.CALL_REQUEST_LENGTH, message.length);
      call.set(ValueLayout.JAVA_LONG, ShimLayout.CALL_REPLY, reply.address());
      call.set(ValueLayout.JAVA_INT, ShimLayout.CALL_REPLY_SIZE, ShimLayout.MAX_MESSAGE_BYTES);
      control("call the daemon of " + filesystem, ShimLayout.IOC_CALL, call);
      int length = call.get(ValueLayout.JAVA_INT, ShimLayout.CALL_REPLY_LENGTH);
      return new ShimAnswer(
          call.get(ValueLayout.JAVA_INT, ShimLayout.CALL_STATUS),
          reply.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private void control(String operation, long command, MemorySegment argument)
      throws NativeException {
    NativeException.check(operation, ShimNative.control(fd, command, argument.address()));
  }

  /** A text that ends with a zero byte, or fills its place. */
  private static String text(MemorySegment memory, long offset, long length) {
    byte[] bytes = memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    ShimNative.close(fd);
  }
}
