// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The nodes used last, as many as fit in a number of bytes. A node that several threads want at
 * once is read once. Nodes that fell out live on as long as someone holds them. Thread-safe.
 */
final class NodeCache {
  private final long capacityBytes;
  private final Function<BtreePointer, BtreeNode> reader;
  private final Map<BtreePointer, CompletableFuture<BtreeNode>> nodes =
      new LinkedHashMap<>(64, 0.75f, true);
  private long heldBytes;

  NodeCache(long capacityBytes, Function<BtreePointer, BtreeNode> reader) {
    this.capacityBytes = capacityBytes;
    this.reader = reader;
  }

  /** The node, read if it is not there; what the reader throws is thrown to all who wait. */
  BtreeNode get(BtreePointer pointer) {
    CompletableFuture<BtreeNode> mine = null;
    CompletableFuture<BtreeNode> present;
    synchronized (nodes) {
      present = nodes.get(pointer);
      if (present == null) {
        mine = new CompletableFuture<>();
        nodes.put(pointer, mine);
      }
    }
    return mine != null ? load(pointer, mine) : await(present);
  }

  /** The node if it is there and read. */
  BtreeNode getIfPresent(BtreePointer pointer) {
    synchronized (nodes) {
      CompletableFuture<BtreeNode> present = nodes.get(pointer);
      return present == null ? null : ready(present);
    }
  }

  /** Bytes held by nodes that are there. */
  long heldBytes() {
    synchronized (nodes) {
      return heldBytes;
    }
  }

  private static BtreeNode ready(CompletableFuture<BtreeNode> future) {
    return future.state() == Future.State.SUCCESS ? future.resultNow() : null;
  }

  private static BtreeNode await(CompletableFuture<BtreeNode> present) {
    try {
      return present.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof BcachefsException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private BtreeNode load(BtreePointer pointer, CompletableFuture<BtreeNode> mine) {
    BtreeNode node = null;
    try {
      node = reader.apply(pointer);
      return node;
    } catch (BcachefsException e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      if (node != null) {
        mine.complete(node);
        keep(node);
      } else {
        forget(pointer, mine);
      }
    }
  }

  private void forget(BtreePointer pointer, CompletableFuture<BtreeNode> mine) {
    synchronized (nodes) {
      nodes.remove(pointer, mine);
    }
    // Does nothing if the reason is known; else whoever waits must not wait for ever.
    mine.completeExceptionally(new CancellationException("reading the node was given up"));
  }

  private void keep(BtreeNode added) {
    synchronized (nodes) {
      heldBytes += added.heldBytes();
      Iterator<CompletableFuture<BtreeNode>> oldest = nodes.values().iterator();
      while (heldBytes > capacityBytes && oldest.hasNext()) {
        BtreeNode node = ready(oldest.next());
        if (node != null && node != added) {
          heldBytes -= node.heldBytes();
          oldest.remove();
        }
      }
    }
  }
}
