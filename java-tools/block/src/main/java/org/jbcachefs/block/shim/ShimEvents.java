// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;

/**
 * The events of what is claimed through one node. One of these for a node, whose calls are not
 * received meanwhile; one thread waits. Close it before the node.
 */
public final class ShimEvents implements AutoCloseable {
  private static final int AT_ONCE = 64;

  private final ShimNode node;
  private final Waker waker;

  public ShimEvents(ShimNode node) throws NativeException {
    this.node = node;
    this.waker = new Waker();
  }

  /** Waits for events; an empty list says that this was closed. */
  public List<ShimEvent> await() throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocate((long) AT_ONCE * ShimLayout.EVENT_BYTES, 8);
      while (waker.await(node.descriptor())) {
        int bytes;
        try {
          bytes = ShimNative.read(node.descriptor(), events.address(), (int) events.byteSize());
        } finally {
          waker.leave();
        }
        if (bytes != -Errno.EINTR) {
          return read(events, NativeException.check("read events", bytes));
        }
      }
      return List.of();
    }
  }

  private static List<ShimEvent> read(MemorySegment events, int bytes) {
    List<ShimEvent> found = new ArrayList<>();
    for (long at = 0; at < bytes; at += ShimLayout.EVENT_BYTES) {
      found.add(
          new ShimEvent(
              events.get(ValueLayout.JAVA_INT, at + ShimLayout.EVENT_CLAIM),
              ShimEvent.Kind.of(events.get(ValueLayout.JAVA_INT, at + ShimLayout.EVENT_TYPE)),
              events.get(ValueLayout.JAVA_LONG, at + ShimLayout.EVENT_VALUE)));
    }
    return found;
  }

  @Override
  public void close() {
    waker.close();
  }
}
