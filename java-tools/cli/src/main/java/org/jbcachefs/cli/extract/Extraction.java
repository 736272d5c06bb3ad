// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.files.BytePath;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.cli.files.TreeWalk;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/**
 * One extraction. The calling thread walks the tree and makes directories; workers make everything
 * else. The first error that concerns the whole destination (no space, ...) ends it.
 */
final class Extraction {
  private static final int QUEUED = 1024;
  private static final Duration CHECKPOINT_EVERY = Duration.ofSeconds(10);
  private static final byte[] STATE_NAME = Names.encode(StateFile.NAME);

  /**
   * Where it is written down how far the extraction got.
   *
   * @param xattrs the list of xattrs that must be as far; null if there is none
   */
  record Progressed(StateFile file, XattrList xattrs) {
    void reached(long names) throws IOException {
      if (xattrs != null) {
        xattrs.sync();
      }
      file.reached(names);
    }
  }

  private final Invocation invocation;
  private final Namespace namespace;
  private final ExtractRequest request;
  private final Destination destination;
  private final Progressed state;
  private final FileExtractor extractor;
  private final Tally tally;
  private final Checkpoint checkpoint = new Checkpoint();
  private final ExecutorService workers;
  private final AtomicReference<IOException> fatal = new AtomicReference<>();
  private final AtomicReference<Throwable> defect = new AtomicReference<>();
  private long numbered;
  private long checkpointed;

  Extraction(
      Invocation invocation,
      Namespace namespace,
      FileData data,
      ExtractRequest request,
      Destination destination,
      Progressed state,
      XattrCopy xattrs,
      Progress progress,
      Tally tally) {
    this.invocation = invocation;
    this.namespace = namespace;
    this.request = request;
    this.destination = destination;
    this.state = state;
    this.tally = tally;
    this.checkpointed = invocation.clock().millis();
    this.workers = pool(request.workers());
    this.extractor =
        new FileExtractor(
            new FileExtractor.Source(invocation, namespace, data),
            request,
            destination,
            xattrs,
            progress,
            tally,
            task -> checkpoint.done(task.number()),
            state.file.reached());
  }

  /** When the queue is full the walk does the work itself, which keeps it from running ahead. */
  private ExecutorService pool(int threads) {
    ThreadFactory factory =
        Thread.ofPlatform()
            .name("extract-", 0)
            .daemon()
            .uncaughtExceptionHandler((thread, thrown) -> defect.compareAndSet(null, thrown))
            .factory();
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(QUEUED),
        factory,
        new ThreadPoolExecutor.CallerRunsPolicy());
  }

  /** Extracts everything; what went wrong with single files has been told when it returns. */
  void run() throws IOException {
    try {
      walk();
    } finally {
      workers.shutdown();
      awaitWorkers();
    }
    rethrow();
  }

  private void awaitWorkers() throws IOException {
    try {
      while (!workers.awaitTermination(1, TimeUnit.HOURS)) {
        checkpoint();
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted: " + e.getMessage());
  }

  private void rethrow() throws IOException {
    if (defect.get() != null) {
      throw new IllegalStateException("a worker failed", defect.get());
    }
    if (fatal.get() != null) {
      throw fatal.get();
    }
  }

  private void walk() throws IOException {
    Attributes attributes = namespace.attributes(request.file());
    Attributes own = attributes.isDirectory() && request.setRoot() ? attributes : null;
    DirectoryNode root =
        new DirectoryNode(null, destination.root(), request.file(), own, request.path());
    if (attributes.isDirectory()) {
      new TreeWalk(namespace, new Walker(root)).walk(request.path(), request.file());
    } else {
      byte[] path = request.path();
      byte[] name = BytePath.split(path).getLast();
      byte[] parent = Arrays.copyOf(path, path.length - name.length);
      DirectoryNode above = new DirectoryNode(null, root.place(), null, null, parent);
      submit(new ExtractTask(above, name, request.file(), numbered++));
    }
  }

  /** Makes directories as the walk meets them and queues everything else. */
  private final class Walker implements TreeWalk.Visitor {
    private final Deque<DirectoryNode> stack = new ArrayDeque<>();

    Walker(DirectoryNode root) {
      stack.push(root);
    }

    @Override
    public boolean visit(TreeWalk.Step step) throws IOException {
      rethrow();
      DirectoryNode in = stack.peek();
      if (in.parent() == null && Arrays.equals(step.name(), STATE_NAME)) {
        notKept(step, "this name is needed for the state of the extraction");
        return false;
      }
      if (step.type() == FileType.DIRECTORY) {
        return directory(in, step);
      }
      in.began();
      submit(new ExtractTask(in, step.name(), step.file(), numbered++));
      checkpoint();
      return false;
    }

    private boolean directory(DirectoryNode in, TreeWalk.Step step) throws IOException {
      Attributes attributes = attributes(step);
      try {
        Destination.Directory made = destination.directory(in.place(), step.name());
        in.began();
        stack.push(new DirectoryNode(in, made, step.file(), attributes, step.path()));
        tally.directories.increment();
        return true;
      } catch (DestinationException e) {
        extractor.refused(e);
        return false;
      }
    }

    /** Null if the directory's inode is lost; what is in it may be there all the same. */
    private Attributes attributes(TreeWalk.Step step) {
      try {
        return namespace.attributes(step.file());
      } catch (BcachefsException e) {
        invocation.damaged(Names.printableString(step.path()), e);
        return null;
      }
    }

    @Override
    public void leave(TreeWalk.Step directory) throws IOException {
      extractor.ended(stack.pop());
    }

    @Override
    public void damaged(TreeWalk.Step where, BcachefsException e) {
      invocation.damaged(Names.printableString(where.path()), e);
    }
  }

  private void notKept(TreeWalk.Step step, String what) {
    tally.failed.increment();
    invocation.damaged(new Problem("not_kept", Names.printableString(step.path()), what));
  }

  private void submit(ExtractTask task) {
    workers.execute(() -> work(task));
  }

  private void work(ExtractTask task) {
    if (fatal.get() != null || defect.get() != null) {
      return;
    }
    try {
      extractor.extract(task);
    } catch (IOException e) {
      fatal.compareAndSet(null, e);
    }
  }

  /** Every so often what is done is made durable and written down. */
  private void checkpoint() throws IOException {
    long now = invocation.clock().millis();
    if (now - checkpointed < CHECKPOINT_EVERY.toMillis()) {
      return;
    }
    checkpointed = now;
    long reached = checkpoint.reached();
    try {
      destination.sync();
      state.reached(reached);
    } catch (DestinationException e) {
      if (e.isFatal()) {
        throw e;
      }
    }
  }
}
