// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceEvent;
import org.jbcachefs.block.DeviceGeometry;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.shim.ShimClaim;
import org.jbcachefs.block.shim.ShimEvent;
import org.jbcachefs.block.shim.ShimEvents;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * One open file of the kernel shim and the devices claimed through it: those of one filesystem, so
 * that one request can write to several. It is closed with the last of its devices, or by {@link
 * #close} if it has none. Thread-safe.
 */
public final class ShimSession implements AutoCloseable {
  private final ShimNode node;
  private final Map<Integer, ShimBlockDevice> devices = new ConcurrentHashMap<>();
  private ShimEvents events;
  private boolean closed;

  private ShimSession(ShimNode node) {
    this.node = node;
  }

  /**
   * Opens the shim's node.
   *
   * @throws DeviceException if the module is not loaded or the caller may not use it
   */
  public static ShimSession open() {
    return new ShimSession(ShimNode.require());
  }

  /** Whether more devices can be claimed. */
  public synchronized boolean isOpen() {
    return !closed;
  }

  /** Claims a block node exclusively for reading. */
  public BlockDevice openReadOnly(Path path) {
    return claim(path, true);
  }

  /** Claims a block node exclusively for reading and writing. */
  public BlockDevice openReadWrite(Path path) {
    return claim(path, false);
  }

  private synchronized BlockDevice claim(Path path, boolean readOnly) {
    String name = path.toString();
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
    try {
      int claim = node.claim(path, !readOnly);
      DeviceGeometry geometry = node.geometry(claim);
      ShimBlockDevice device = new ShimBlockDevice(this, name, claim, geometry, readOnly);
      devices.put(claim, device);
      return device;
    } catch (NativeException e) {
      throw OpeningErrors.of(name, e, e.errno() == Errno.EBUSY ? holder(path) : "");
    }
  }

  /**
   * Has a thread of its own tell what happens to the devices, those that are claimed later as well,
   * until the session is closed. Once.
   *
   * @param listener is called by that thread
   * @throws DeviceException if the module cannot be listened to
   */
  public synchronized void watch(Consumer<DeviceEvent> listener) {
    if (events != null) {
      throw new IllegalStateException("the session is watched already");
    }
    try {
      events = new ShimEvents(node);
    } catch (NativeException e) {
      throw notHeard(e);
    }
    ShimEvents watched = events;
    Thread.ofPlatform().name("device-events").daemon().start(() -> tell(watched, listener));
  }

  private void tell(ShimEvents watched, Consumer<DeviceEvent> listener) {
    try {
      for (List<ShimEvent> found = watched.await(); !found.isEmpty(); found = watched.await()) {
        for (ShimEvent event : found) {
          ShimBlockDevice device = devices.get(event.claim());
          DeviceEvent.Kind kind = kindOf(event);
          if (device != null && kind != null) {
            long size = kind == DeviceEvent.Kind.RESIZED ? event.value() : 0;
            listener.accept(new DeviceEvent(device, kind, size));
          }
        }
      }
    } catch (NativeException e) {
      throw notHeard(e);
    }
  }

  /** Null for what is not known here. */
  private static DeviceEvent.Kind kindOf(ShimEvent event) {
    return switch (event.kind()) {
      case DEAD -> DeviceEvent.Kind.GONE;
      case RESIZED -> DeviceEvent.Kind.RESIZED;
      case READ_ONLY -> event.value() != 0 ? DeviceEvent.Kind.READ_ONLY : DeviceEvent.Kind.WRITABLE;
      case OTHER -> null;
    };
  }

  private static DeviceException notHeard(NativeException e) {
    return new DeviceException(
        Place.device(ShimNode.PATH.toString(), -1),
        "its events cannot be heard: " + Errno.text(e.errno()),
        e);
  }

  private String holder(Path path) {
    try {
      Optional<ShimClaim> holder = node.holder(path.toRealPath().getFileName().toString());
      return holder
          .map(claim -> " by " + claim.command() + ", process " + claim.pid())
          .orElse(": mounted, or held by another program");
    } catch (IOException e) {
      return ": mounted, or held by another program";
    }
  }

  int descriptor() {
    return node.descriptor();
  }

  ShimNode node() {
    return node;
  }

  /** By io_uring commands, else the completion ring, else batches: whatever can be had. */
  IoQueue queue(List<? extends BlockDevice> wanted, int capacity) {
    return queue(wanted, capacity, BlockNative.BY_URING);
  }

  /** The same, beginning with that way. */
  IoQueue queue(List<? extends BlockDevice> wanted, int capacity, int firstWay) {
    for (int way = firstWay; way <= BlockNative.BY_BATCH; way++) {
      Optional<IoQueue> queue = NativeQueue.overClaims(this, wanted, capacity, way);
      if (queue.isPresent()) {
        return queue.get();
      }
    }
    return IoQueue.threaded(capacity);
  }

  /** Gives back a claim; nothing uses it any more. */
  synchronized void release(int claim) throws NativeException {
    devices.remove(claim);
    try {
      // Said even of the last one: a queue that is still open would keep the file and its claims.
      node.release(claim);
    } finally {
      if (devices.isEmpty()) {
        closeNode();
      }
    }
  }

  private void closeNode() {
    if (!closed) {
      closed = true;
      if (events != null) {
        events.close();
      }
      node.close();
    }
  }

  @Override
  public synchronized void close() {
    if (devices.isEmpty()) {
      closeNode();
    }
  }
}
