// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.fuse.transport.ConnectionSetup.Agreement;

/** Serves requests through /dev/fuse, one cloned descriptor for each worker. */
public final class DeviceTransport implements Transport {
  private final List<Thread> workers = new ArrayList<>();

  /**
   * Clones the descriptor; the original must stay open until {@link #awaitEnd} returns.
   *
   * @param workers threads that read and serve requests
   * @param agreed what the kernel and we said in INIT
   * @param problems told of what ends a worker early
   */
  public DeviceTransport(
      FuseDescriptor connection,
      int workers,
      Agreement agreed,
      RequestHandler handler,
      Consumer<String> problems)
      throws NativeException {
    for (int i = 0; i < workers; i++) {
      DeviceWorker worker = new DeviceWorker(connection.cloned(), agreed, handler, problems);
      this.workers.add(Thread.ofPlatform().name("fuse-" + i).unstarted(worker));
    }
  }

  @Override
  public String description() {
    return "/dev/fuse, " + workers.size() + " threads";
  }

  @Override
  public void start() {
    workers.forEach(Thread::start);
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    for (Thread worker : workers) {
      worker.join();
    }
  }
}
