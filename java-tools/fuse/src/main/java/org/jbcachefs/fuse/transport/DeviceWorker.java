// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.fuse.protocol.InHeader;
import org.jbcachefs.fuse.protocol.Opcode;
import org.jbcachefs.fuse.protocol.OutHeader;
import org.jbcachefs.fuse.protocol.Wire;
import org.jbcachefs.fuse.protocol.WriteIn;
import org.jbcachefs.fuse.transport.ConnectionSetup.Agreement;

/** Reads a request, has it answered, writes the reply; again until the filesystem is unmounted. */
final class DeviceWorker implements Runnable {
  /**
   * The kernel refuses to read into less than its largest write request plus headers; a server that
   * accepts no writes is still asked for this much.
   */
  static final int REQUEST_BYTES = 64 << 10;

  /** Room for headers, arguments and names beside the data of a write. */
  static final int HEADERS_BYTES = 4096;

  /** Room for answers that are a few numbers. */
  private static final int ASIDE_BYTES = 256;

  /** The data of a write begins here. */
  private static final int WRITE_DATA = InHeader.BYTES + WriteIn.BYTES;

  private final FuseDescriptor descriptor;
  private final Agreement agreed;
  private final RequestHandler handler;
  private final Consumer<String> problems;
  private final long forgetRestNanos;

  DeviceWorker(
      FuseDescriptor descriptor,
      Agreement agreed,
      RequestHandler handler,
      Consumer<String> problems) {
    this(descriptor, agreed, handler, problems, 0);
  }

  /**
   * @param forgetRestNanos to wait after a FORGET: the kernel puts those that come meanwhile into
   *     one request, and what they make go goes together, which takes much less
   */
  DeviceWorker(
      FuseDescriptor descriptor,
      Agreement agreed,
      RequestHandler handler,
      Consumer<String> problems,
      long forgetRestNanos) {
    this.forgetRestNanos = forgetRestNanos;
    this.descriptor = descriptor;
    this.agreed = agreed;
    this.handler = handler;
    this.problems = problems;
  }

  @Override
  public void run() {
    try (descriptor;
        Arena arena = Arena.ofShared()) {
      // So that the data of a write is aligned to pages.
      MemorySegment in =
          arena.allocate(4096L + agreed.requestBytes(), 4096).asSlice(4096 - WRITE_DATA);
      MemorySegment out = arena.allocate(OutHeader.BYTES + agreed.payloadBytes(), 4096);
      serve(in, out);
    } catch (NativeException e) {
      // ENODEV: unmounted. ECONNABORTED: the connection was aborted. Both are ends, not problems.
      if (e.errno() != Errno.ENODEV && e.errno() != Errno.ECONNABORTED) {
        problems.accept("a worker ended: " + e.getMessage());
      }
    }
  }

  private void serve(MemorySegment in, MemorySegment out) throws NativeException {
    Request request =
        Request.together(in, out.asSlice(OutHeader.BYTES, out.byteSize() - OutHeader.BYTES));
    while (true) {
      int length = descriptor.receive(in, 0);
      if (!request.received(length)) {
        throw new NativeException("a malformed request of " + length + " bytes", Errno.EPROTO);
      }
      if (request.opcode() == Opcode.LSEEK && agreed.writable()) {
        answerAside(in.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
        continue;
      }
      int result = handler.handle(request);
      if (result != RequestHandler.NO_REPLY) {
        reply(out, request.unique(), result);
      }
      if (forgetRestNanos > 0 && isForget(request)) {
        LockSupport.parkNanos(forgetRestNanos);
      }
    }
  }

  private static boolean isForget(Request request) {
    return request.opcode() == Opcode.FORGET || request.opcode() == Opcode.BATCH_FORGET;
  }

  /**
   * LSEEK makes the kernel write back what it keeps of the file before it is answered: if every
   * worker waited for that, nobody would serve it.
   */
  private void answerAside(byte[] received) {
    Thread.ofPlatform()
        .name("fuse-aside")
        .daemon()
        .start(() -> {
          // Closing a shared one stops every thread: after many seeks that takes minutes.
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment in =
                arena.allocate(received.length, 8).copyFrom(MemorySegment.ofArray(received));
            MemorySegment out = arena.allocate(OutHeader.BYTES + ASIDE_BYTES, 8);
            Request request = Request.together(in, out.asSlice(OutHeader.BYTES, ASIDE_BYTES));
            int result =
                request.received(received.length) ? handler.handle(request) : -Errno.EPROTO;
            reply(out, request.unique(), result);
          } catch (NativeException e) {
            problems.accept("an answer could not be sent: " + e.getMessage());
          }
        });
  }

  private void reply(MemorySegment out, long unique, int result) throws NativeException {
    int length = OutHeader.BYTES + Math.max(result, 0);
    Wire.u32(out, OutHeader.LENGTH, length);
    Wire.u32(out, OutHeader.ERROR, Math.min(result, 0));
    Wire.u64(out, OutHeader.UNIQUE, unique);
    try {
      descriptor.reply(out, length);
    } catch (NativeException e) {
      // The caller was interrupted and gone before the answer came.
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
