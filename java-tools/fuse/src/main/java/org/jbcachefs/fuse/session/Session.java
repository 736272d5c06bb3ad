// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.fuse.protocol.LseekIn;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.ReadIn;
import org.jbcachefs.fuse.protocol.SetattrIn;
import org.jbcachefs.fuse.protocol.WriteIn;
import org.jbcachefs.fuse.transport.FuseNotifier;
import org.jbcachefs.fuse.transport.Request;
import org.jbcachefs.fuse.transport.RequestHandler;

/** A mounted filesystem: answers every request of the kernel. Thread-safe. */
public final class Session implements RequestHandler {
  private static final String REMOVAL = "removal of a deleted file";

  private final NodeTable nodes;
  private final InodeNumbers numbers;
  private final InstantSource wallClock;
  private volatile Served served;
  private volatile ReadRequests reads;

  /** Null where nothing can be changed. */
  private volatile ChangeRequests changes;

  /** Who answers a request, and who exchanges what is served; null where that never happens. */
  private final ReentrantReadWriteLock exchanging;

  private final Failures failures;
  private final SessionLog log;
  private final ChangeGate gate = new ChangeGate();
  private volatile Supplier<ErrorPolicy> policy = () -> ErrorPolicy.FIX_SAFE;
  private volatile Runnable panic = () -> {};
  private volatile BooleanSupplier reopening = () -> false;
  private volatile AccessTimes accessTimes = AccessTimes.NONE;
  private volatile FuseNotifier notifier;

  /**
   * What a session serves.
   *
   * @param changes null where nothing can be changed
   */
  public record Content(Served served, Changes changes) {}

  /**
   * A filesystem that cannot be changed.
   *
   * @param numbers which inode numbers stat(2) shows
   * @param nanoClock a monotonic clock in nanoseconds, to limit the log's rate
   */
  public static Session readOnly(
      Served served, InodeNumbers numbers, SessionLog log, LongSupplier nanoClock) {
    return new Session(served, null, numbers, log, nanoClock, null, false);
  }

  /**
   * A filesystem that cannot be changed until it is {@link #exchange}d for one that can.
   *
   * @param wallClock the time of day
   */
  public static Session readOnlyAtFirst(
      Served served,
      InodeNumbers numbers,
      SessionLog log,
      LongSupplier nanoClock,
      InstantSource wallClock) {
    return new Session(served, null, numbers, log, nanoClock, wallClock, true);
  }

  /**
   * A filesystem that can be changed.
   *
   * @param wallClock the time of day
   */
  public static Session writable(
      Served served,
      Changes changes,
      InodeNumbers numbers,
      SessionLog log,
      LongSupplier nanoClock,
      InstantSource wallClock) {
    return new Session(served, changes, numbers, log, nanoClock, wallClock, false);
  }

  private Session(
      Served served,
      Changes changes,
      InodeNumbers numbers,
      SessionLog log,
      LongSupplier nanoClock,
      InstantSource wallClock,
      boolean exchanged) {
    this.nodes =
        new NodeTable(served.root(), subvolume -> this.served.snapshotOf().applyAsInt(subvolume));
    this.numbers = numbers;
    this.wallClock = wallClock;
    this.exchanging = exchanged ? new ReentrantReadWriteLock() : null;
    this.log = log;
    this.failures = new Failures(log, file -> this.served.path().apply(file), nanoClock);
    serve(new Content(served, changes));
  }

  private void serve(Content content) {
    AttributeReply attributeReply = new AttributeReply(numbers, content.served().blockBytes());
    Changes changing = content.changes();
    served = content.served();
    reads = new ReadRequests(content.served(), numbers, nodes, attributeReply, changing);
    changes =
        changing == null ? null : new ChangeRequests(changing, nodes, attributeReply, wallClock);
  }

  /**
   * Serves something else from now on: the same files, opened anew, by whoever gives it. Requests
   * wait meanwhile. Only for one that is read-only at first.
   *
   * @param next closes what was served, and opens what is served then
   */
  public void exchange(Supplier<Content> next) {
    exchanging.writeLock().lock();
    try {
      serve(next.get());
    } finally {
      exchanging.writeLock().unlock();
    }
  }

  /**
   * What to do when metadata turn out to contradict themselves.
   *
   * @param errors the policy at that moment
   * @param end ends the process, for {@link ErrorPolicy#PANIC}
   */
  public void onErrors(Supplier<ErrorPolicy> errors, Runnable end) {
    policy = errors;
    panic = end;
  }

  /** From now on reads of files are noted so. */
  public void noteReads(AccessTimes times) {
    accessTimes = times;
  }

  /** How reads of files are noted. */
  public AccessTimes accessTimes() {
    return accessTimes;
  }

  /** What all changes go through. */
  public ChangeGate gate() {
    return gate;
  }

  /** Asked when a change comes though the gate is shut: whether it has been opened after all. */
  public void onShut(BooleanSupplier reopen) {
    reopening = reopen;
  }

  /** How many nodes the kernel knows, the root not counted. */
  public long knownNodes() {
    return nodes.size();
  }

  /** Once mounted: what makes the kernel write back and forget. */
  public void tellKernelBy(FuseNotifier kernel) {
    notifier = kernel;
  }

  /**
   * What the kernel has not written yet would look like holes to those who look for data: it writes
   * it now.
   */
  private void writeBack(Request request) {
    FuseNotifier kernel = notifier;
    if (kernel == null) {
      return;
    }
    try {
      kernel.forgetInode(request.node(), request.argument64(LseekIn.OFFSET), 0);
    } catch (NativeException e) {
      log.warning("the kernel did not write back what it keeps of a file: " + e.getMessage());
    }
  }

  /** Calls for each node that the kernel knows, with its file. */
  public void eachKnown(BiConsumer<Long, FileId> consumer) {
    nodes.each(consumer);
  }

  /** The node by which the kernel knows a file; 0 if it does not. */
  public long knownNode(FileId file) {
    return nodes.known(file);
  }

  @Override
  public int handle(Request request) {
    int opcode = request.opcode();
    if (exchanging == null) {
      return handle(request, opcode);
    }
    if (changes == null && isChange(request, opcode)) {
      // The kernel may have been told that it can be changed, and we not yet.
      boolean can = reopening.getAsBoolean();
      assert can == (changes != null);
    }
    exchanging.readLock().lock();
    try {
      return handle(request, opcode);
    } finally {
      exchanging.readLock().unlock();
    }
  }

  private int handle(Request request, int opcode) {
    return switch (opcode) {
      case Opcode.FORGET -> forget(request);
      case Opcode.BATCH_FORGET -> batchForget(request);
      // Everything is answered as fast as it can be; there is nothing to break off.
      case Opcode.INTERRUPT -> NO_REPLY;
      default -> answer(request, opcode);
    };
  }

  @Override
  public boolean mayWait(Request request) {
    return switch (request.opcode()) {
      // What comes out of the page cache stays in memory, as long as there is room.
      case Opcode.WRITE ->
          (request.argument32(WriteIn.WRITE_FLAGS) & WriteIn.CACHE) == 0
              || changes == null
              || changes.mustWrite();
      case Opcode.SETATTR -> (request.argument32(SetattrIn.VALID) & SetattrIn.SETS_SIZE) != 0;
      default -> Opcode.mayWait(request.opcode());
    };
  }

  private int forget(Request request) {
    FileId file = nodes.forget(request.node(), request.argument64(0));
    if (file != null) {
      forgotten(List.of(file));
    }
    return NO_REPLY;
  }

  private int batchForget(Request request) {
    int count = request.argument32(0);
    long available = request.payloadLength() / 16;
    List<FileId> files = new ArrayList<>();
    for (long i = 0; i < Math.min(Integer.toUnsignedLong(count), available); i++) {
      FileId file = nodes.forget(request.payload64(i * 16), request.payload64(i * 16 + 8));
      if (file != null) {
        files.add(file);
      }
    }
    forgotten(files);
    return NO_REPLY;
  }

  /** The kernel knows these no more. */
  private void forgotten(List<FileId> files) {
    ChangeRequests changing = changes;
    if (!files.isEmpty() && changing != null) {
      FileId only = files.size() == 1 ? files.getFirst() : null;
      quietly(REMOVAL, only, () -> changing.forgotten(files));
    }
  }

  /**
   * The kernel is gone: files without a name, which it kept alive, go. Call it when every request
   * is answered.
   */
  public void end() {
    if (changes != null) {
      quietly(REMOVAL, null, changes::endAll);
    }
  }

  /** Does work that no request waits for; if it fails the log tells, as for requests. */
  public void inBackground(String what, Runnable work) {
    quietly(what, null, work);
  }

  private void quietly(String what, FileId file, Runnable work) {
    if (!gate.enter()) {
      return;
    }
    try {
      work.run();
    } catch (BcachefsException e) {
      int told = failed(what, file, e, true);
      assert told < 0;
    } catch (RuntimeException e) {
      int told = failures.defect(what, e);
      assert told < 0;
      stopChanging(what);
    } finally {
      gate.leave();
    }
  }

  /** Whether it stopped changing the filesystem because something went wrong. */
  public boolean isEmergency() {
    return gate.isBarred();
  }

  /**
   * A device can no longer be written to: what can be changed is read-only from now on, before
   * anything fails on it. Reading goes on, as far as the other devices have copies.
   *
   * @param what says what happened, as a clause: "/dev/sdb is gone"
   */
  public void deviceLost(String what) {
    if (changes == null) {
      log.warning(what);
    } else if (gate.bar()) {
      log.warning(what + ": read-only from now on, to keep what is there");
    }
  }

  /** From now on nothing is changed any more: what is on the devices is whole, and stays so. */
  private void stopChanging(String what) {
    if (changes != null && gate.bar()) {
      log.warning(what + " failed: read-only from now on, to keep what is there");
    }
  }

  /**
   * Metadata that contradict themselves or cannot be read: what that means is a matter of choice.
   */
  private void inconsistent(String what) {
    if (changes == null || gate.isBarred()) {
      return;
    }
    switch (policy.get()) {
      case CONTINUE -> {}
      case FIX_SAFE, READ_ONLY -> stopChanging(what);
      case PANIC -> {
        log.warning(what + " failed, and errors=panic: ends at once, as in a crash");
        panic.run();
      }
    }
  }

  private int failed(String what, FileId file, BcachefsException e, boolean changing) {
    int errno = failures.errno(what, file, e);
    switch (e) {
      case CorruptionException _ -> inconsistent(what);
      case DeviceException _, RefusedException _, PassphraseException _ -> {
        if (changing) {
          stopChanging(what);
        }
      }
      // Of use to the caller, or bytes of a file that are lost already.
      case PosixException _, NotFoundException _, LostDataException _ -> {}
    }
    return errno;
  }

  private int answer(Request request, int opcode) {
    boolean durable = Opcode.makesDurable(opcode);
    if (!durable && !isChange(request, opcode)) {
      return attempt(request, opcode, false);
    }
    if (changes == null) {
      return durable ? 0 : -Errno.EROFS;
    }
    if (!gate.enter() && !(gate.isShut() && reopening.getAsBoolean() && gate.enter())) {
      // Where it is shut everything is durable.
      return durable && gate.isShut() ? 0 : -Errno.EROFS;
    }
    try {
      return attempt(request, opcode, true);
    } finally {
      gate.leave();
    }
  }

  private static boolean isChange(Request request, int opcode) {
    return Opcode.changes(opcode) || (opcode == Opcode.IOCTL && IoctlRequests.sets(request));
  }

  private int attempt(Request request, int opcode, boolean changing) {
    try {
      FileId file = nodes.file(request.node());
      if (file == null && concernsAFile(opcode)) {
        return -Errno.ESTALE;
      }
      int answer = answer(request, opcode, file);
      if (answer >= 0 && reads(opcode)) {
        accessed(file, opcode != Opcode.READ && opcode != Opcode.READLINK);
      }
      return answer;
    } catch (BcachefsException e) {
      return failed(operation(request, opcode), nodes.file(request.node()), e, changing);
    } catch (RuntimeException e) {
      // The one place where a defect is met: it is told as what it is, and the caller gets an
      // answer rather than hang for ever.
      int errno = failures.defect(operation(request, opcode), e);
      if (changing) {
        stopChanging(operation(request, opcode));
      }
      return errno;
    }
  }

  private static boolean reads(int opcode) {
    return switch (opcode) {
      case Opcode.READ, Opcode.READLINK, Opcode.READDIR, Opcode.READDIRPLUS -> true;
      default -> false;
    };
  }

  /** Notes that a file was read, where that is wanted and may be changed. */
  private void accessed(FileId file, boolean directory) {
    AccessTimes.When when = accessTimes.of(directory);
    if (changes != null && when != AccessTimes.When.NEVER) {
      quietly(
          "note of a read", file, () -> changes.accessed(file, when == AccessTimes.When.ALWAYS));
    }
  }

  private static boolean concernsAFile(int opcode) {
    return opcode != Opcode.STATFS && opcode != Opcode.DESTROY && opcode != Opcode.SYNCFS;
  }

  private int answer(Request request, int opcode, FileId file) {
    if (Opcode.changes(opcode)) {
      return changes.answer(request, opcode, file);
    }
    if (Opcode.makesDurable(opcode)) {
      return changes.answer(request, opcode, file);
    }
    if (opcode == Opcode.LSEEK && changes != null) {
      writeBack(request);
    }
    return reads.answer(request, opcode, file);
  }

  private static String operation(Request request, int opcode) {
    return switch (opcode) {
      case Opcode.READ ->
          "read of "
              + request.argument32(ReadIn.SIZE)
              + " bytes at "
              + request.argument64(ReadIn.OFFSET);
      case Opcode.LOOKUP -> "lookup";
      case Opcode.GETATTR, Opcode.STATX -> "stat";
      case Opcode.READLINK -> "readlink";
      case Opcode.READDIR, Opcode.READDIRPLUS -> "readdir";
      case Opcode.GETXATTR -> "getxattr";
      case Opcode.LISTXATTR -> "listxattr";
      case Opcode.LSEEK -> "seek from " + request.argument64(LseekIn.OFFSET);
      case Opcode.WRITE ->
          "write of "
              + request.argument32(WriteIn.SIZE)
              + " bytes at "
              + request.argument64(WriteIn.OFFSET);
      case Opcode.FSYNC, Opcode.FSYNCDIR -> "fsync";
      default -> "FUSE operation " + opcode;
    };
  }
}
