// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.CopyTargets;
import org.jbcachefs.block.DeviceErrors;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.QueueBuffers;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;

/**
 * A queue that native code works: by io_uring, or by the kernel shim. A request is a slot of memory
 * that both share; one call into native code starts any number of them and brings back what has
 * ended.
 *
 * <p>A copy that cannot be sent (read-only, closed, outside of its device) fails here; the others
 * go out in the slot's places, so that place and copy differ only then.
 */
final class NativeQueue implements IoQueue {
  private static final int MOST_REGISTERED = 16;

  private final Thread owner = Thread.currentThread();
  private final SlotMemory memory;
  private final long handle;
  private final Predicate<BlockDevice> accepted;
  private final int capacity;

  // Of each slot.
  private final long[] tokens;
  private final int[] operations;
  private final int[] flags;
  private final int[] copies;
  private final int[] places;
  private final long[] lengths;
  private final MemorySegment[] buffers;

  // Of each copy of each slot.
  private final NativeBlockDevice[] devices;
  private final long[] offsets;
  private final DeviceException[] refusals;

  private final int[] free;
  private int freeCount;
  private final int[] prepared;
  private int preparedCount;
  private final int[] ready;
  private int readyFirst;
  private int readyCount;
  private int underWay;
  private int taken = -1;
  private int takenFailed;

  private final NativeBlockDevice[] registered;
  private final NativeBlockDevice[] entered;
  private int enteredCount;
  private MemorySegment[] regions = {};
  private boolean closed;

  private NativeQueue(
      SlotMemory memory,
      long handle,
      int capacity,
      Predicate<BlockDevice> accepted,
      NativeBlockDevice[] registered) {
    this.memory = memory;
    this.handle = handle;
    this.capacity = capacity;
    this.accepted = accepted;
    this.registered = registered;
    tokens = new long[capacity];
    operations = new int[capacity];
    flags = new int[capacity];
    copies = new int[capacity];
    places = new int[capacity];
    lengths = new long[capacity];
    buffers = new MemorySegment[capacity];
    devices = new NativeBlockDevice[capacity * MAX_COPIES];
    offsets = new long[capacity * MAX_COPIES];
    refusals = new DeviceException[capacity * MAX_COPIES];
    entered = new NativeBlockDevice[capacity * MAX_COPIES];
    free = new int[capacity];
    prepared = new int[capacity];
    ready = new int[capacity];
    for (int slot = 0; slot < capacity; slot++) {
      free[slot] = capacity - 1 - slot;
    }
    freeCount = capacity;
  }

  /** A way to make the native part: a handle or a negative errno. */
  private interface Opening {
    long open(SlotMemory memory, int capacity);
  }

  /** By io_uring; empty if a device is of another kind or io_uring is not to be had here. */
  static Optional<IoQueue> overDescriptors(List<? extends BlockDevice> devices, int capacity) {
    Predicate<BlockDevice> accepted = UringBlockDevice.class::isInstance;
    if (!devices.stream().allMatch(accepted)) {
      return Optional.empty();
    }
    NativeBlockDevice[] known =
        devices.stream()
            .limit(MOST_REGISTERED)
            .map(NativeBlockDevice.class::cast)
            .toArray(NativeBlockDevice[]::new);
    return open(capacity, accepted, known, NativeQueue::openUring);
  }

  static void checkUring() {
    try (SlotMemory memory = new SlotMemory(1)) {
      long handle = openUring(memory, 1);
      if (handle < 0) {
        int errno = (int) -handle;
        throw new DeviceException(
            Place.structure("io_uring"),
            "is not to be had: "
                + Errno.text(errno)
                + (errno == Errno.EPERM ? " (sysctl kernel.io_uring_disabled, or seccomp)" : ""),
            new NativeException("io_uring_setup", errno));
      }
      BlockNative.closeQueue(handle);
    }
  }

  private static long openUring(SlotMemory memory, int capacity) {
    return BlockNative.openUring(
        memory.slotsAddress(), memory.preparedAddress(), memory.doneAddress(), capacity);
  }

  /** To claims of one session, in that way; empty if that cannot be here. */
  static Optional<IoQueue> overClaims(
      ShimSession session, List<? extends BlockDevice> devices, int capacity, int way) {
    Predicate<BlockDevice> accepted =
        device -> device instanceof ShimBlockDevice claim && claim.session() == session;
    if (!devices.stream().allMatch(accepted)) {
      return Optional.empty();
    }
    return open(
        capacity,
        accepted,
        new NativeBlockDevice[0],
        (memory, slots) ->
            BlockNative.openShim(
                memory.slotsAddress(),
                memory.preparedAddress(),
                memory.doneAddress(),
                slots,
                session.descriptor(),
                way));
  }

  private static Optional<IoQueue> open(
      int capacity, Predicate<BlockDevice> accepted, NativeBlockDevice[] known, Opening opening) {
    IoQueue.checkCapacity(capacity);
    SlotMemory memory = new SlotMemory(capacity);
    long handle = opening.open(memory, capacity);
    if (handle < 0) {
      memory.close();
      return Optional.empty();
    }
    NativeBlockDevice[] registered = register(handle, known) ? known : new NativeBlockDevice[0];
    return Optional.of(new NativeQueue(memory, handle, capacity, accepted, registered));
  }

  private static boolean register(long handle, NativeBlockDevice[] known) {
    if (known.length == 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment numbers = arena.allocate(4L * known.length, 4);
      for (int i = 0; i < known.length; i++) {
        numbers.set(ValueLayout.JAVA_INT, 4L * i, known[i].number());
      }
      return BlockNative.registerDevices(handle, numbers.address(), known.length) == 0;
    }
  }

  @Override
  public boolean accepts(BlockDevice device) {
    return accepted.test(device);
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int room() {
    return freeCount;
  }

  @Override
  public boolean register(List<MemorySegment> segments) {
    checkThread();
    if (regions.length > 0 || segments.isEmpty() || segments.size() > MOST_REGISTERED) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      int count = segments.size();
      MemorySegment addresses = arena.allocate(8L * count, 8);
      MemorySegment bytes = arena.allocate(8L * count, 8);
      for (int i = 0; i < count; i++) {
        addresses.set(ValueLayout.JAVA_LONG, 8L * i, segments.get(i).address());
        bytes.set(ValueLayout.JAVA_LONG, 8L * i, segments.get(i).byteSize());
      }
      if (BlockNative.registerBuffers(handle, addresses.address(), bytes.address(), count) != 0) {
        return false;
      }
      regions = segments.toArray(MemorySegment[]::new);
      return true;
    }
  }

  @Override
  public void read(BlockDevice device, long offset, MemorySegment into, int how, long token) {
    IoFlags.check(how, IoFlags.OF_READS);
    QueueBuffers.checked(into, device);
    int slot = take(SlotLayout.OPERATION_READ, into, into.byteSize(), how, token);
    addCopy(slot, device, offset);
  }

  @Override
  public void write(BlockDevice device, long offset, MemorySegment from, int how, long token) {
    IoFlags.check(how, IoFlags.OF_WRITES);
    QueueBuffers.checked(from, device);
    int slot = take(SlotLayout.OPERATION_WRITE, from, from.byteSize(), how, token);
    addCopy(slot, device, offset);
  }

  @Override
  public void writeCopies(CopyTargets targets, MemorySegment from, int how, long token) {
    IoFlags.check(how, IoFlags.OF_WRITES);
    QueueBuffers.check(from, targets);
    int slot = take(SlotLayout.OPERATION_WRITE, from, from.byteSize(), how, token);
    for (int copy = 0; copy < targets.count(); copy++) {
      addCopy(slot, targets.device(copy), targets.offset(copy));
    }
  }

  @Override
  public void flush(BlockDevice device, long token) {
    int slot = take(SlotLayout.OPERATION_FLUSH, MemorySegment.NULL, 0, IoFlags.NONE, token);
    addCopy(slot, device, 0);
  }

  @Override
  public void discard(BlockDevice device, long offset, long length, long token) {
    QueueBuffers.checkRange(length);
    prepareRange(SlotLayout.OPERATION_DISCARD, device, offset, length, token);
  }

  @Override
  public void writeZeroes(BlockDevice device, long offset, long length, long token) {
    QueueBuffers.checkRange(length);
    prepareRange(SlotLayout.OPERATION_WRITE_ZEROES, device, offset, length, token);
  }

  private void prepareRange(
      int operation, BlockDevice device, long offset, long length, long token) {
    int onNode = ((NativeBlockDevice) device).isBlockNode() ? SlotLayout.ON_BLOCK_NODE : 0;
    addCopy(take(operation, MemorySegment.NULL, length, onNode, token), device, offset);
  }

  private int take(int operation, MemorySegment buffer, long length, int how, long token) {
    checkThread();
    if (freeCount == 0) {
      throw new IllegalStateException("all " + capacity + " requests of the queue are in use");
    }
    int slot = free[--freeCount];
    tokens[slot] = token;
    operations[slot] = operation;
    flags[slot] = how;
    lengths[slot] = length;
    buffers[slot] = buffer;
    copies[slot] = 0;
    prepared[preparedCount++] = slot;
    return slot;
  }

  private void addCopy(int slot, BlockDevice device, long offset) {
    if (!accepts(device)) {
      preparedCount--;
      free[freeCount++] = slot;
      throw new IllegalArgumentException(device.name() + " cannot be reached by this queue");
    }
    int at = slot * MAX_COPIES + copies[slot]++;
    devices[at] = (NativeBlockDevice) device;
    offsets[at] = offset;
  }

  @Override
  public void submit() {
    if (preparedCount > 0) {
      exchange(0);
    }
  }

  @Override
  public int await(int atLeast) {
    checkThread();
    int missing = Math.max(0, atLeast - readyCount);
    if (preparedCount > 0 || (underWay > 0 && (missing > 0 || atLeast == 0))) {
      exchange(missing);
    }
    return readyCount;
  }

  private void exchange(int waitFor) {
    checkThread();
    int count = 0;
    int waiting = waitFor;
    for (int i = 0; i < preparedCount; i++) {
      int slot = prepared[i];
      if (addressPlaces(slot)) {
        memory.prepare(count++, slot);
      } else {
        addReady(slot);
        waiting--;
      }
    }
    preparedCount = 0;
    underWay += count;
    int ended = BlockNative.exchange(handle, count, Math.max(0, waiting));
    leaveDevices();
    if (ended < 0) {
      throw new DeviceException(
          Place.NOWHERE,
          "the queue of requests failed: " + Errno.text(-ended),
          new NativeException("exchange", -ended));
    }
    underWay -= ended;
    for (int i = 0; i < ended; i++) {
      addReady(memory.done(i));
    }
  }

  /** Fills in where the slot goes; false if it goes nowhere, as its result is known. */
  private boolean addressPlaces(int slot) {
    int place = 0;
    for (int copy = 0; copy < copies[slot]; copy++) {
      int at = slot * MAX_COPIES + copy;
      DeviceException refusal = refusal(slot, devices[at], offsets[at]);
      refusals[at] = refusal;
      if (refusal == null && !isDone(slot, devices[at])) {
        memory.target(slot, place++, offsets[at], numberOf(devices[at]));
      }
    }
    places[slot] = place;
    if (place == 0) {
      return false;
    }
    MemorySegment buffer = buffers[slot];
    memory.fill(
        slot,
        operations[slot],
        flags[slot],
        buffer.address(),
        lengths[slot],
        place,
        region(buffer));
    return true;
  }

  private DeviceException refusal(int slot, NativeBlockDevice device, long offset) {
    String operation = nameOf(slot);
    DeviceException refusal =
        switch (operations[slot]) {
          case SlotLayout.OPERATION_READ, SlotLayout.OPERATION_FLUSH ->
              device.refusal(operation, offset, lengths[slot]);
          default -> device.refusalOfChange(operation, offset, lengths[slot]);
        };
    if (refusal != null || isRegistered(device)) {
      return refusal;
    }
    if (!device.tryEnter()) {
      return DeviceErrors.closed(device, operation, offset);
    }
    entered[enteredCount++] = device;
    return null;
  }

  /** Nothing has to be done to flush what cannot be written, or for an empty range. */
  private boolean isDone(int slot, NativeBlockDevice device) {
    return operations[slot] == SlotLayout.OPERATION_FLUSH ? device.readOnly() : lengths[slot] == 0;
  }

  private boolean isRegistered(NativeBlockDevice device) {
    return indexOf(device) >= 0;
  }

  private int indexOf(NativeBlockDevice device) {
    for (int i = 0; i < registered.length; i++) {
      if (registered[i].equals(device)) {
        return i;
      }
    }
    return -1;
  }

  private int numberOf(NativeBlockDevice device) {
    int index = indexOf(device);
    return index >= 0 ? ~index : device.number();
  }

  /** 1 + the number of the registered region that holds the buffer, or 0. */
  private int region(MemorySegment buffer) {
    long address = buffer.address();
    for (int i = 0; i < regions.length; i++) {
      long inside = address - regions[i].address();
      if (inside >= 0 && inside <= regions[i].byteSize() - buffer.byteSize()) {
        return i + 1;
      }
    }
    return 0;
  }

  private void leaveDevices() {
    for (int i = 0; i < enteredCount; i++) {
      entered[i].leave();
      entered[i] = null;
    }
    enteredCount = 0;
  }

  private void addReady(int slot) {
    int at = readyFirst + readyCount++;
    ready[at < capacity ? at : at - capacity] = slot;
  }

  @Override
  public boolean next() {
    checkThread();
    if (taken >= 0) {
      release(taken);
      taken = -1;
    }
    if (readyCount == 0) {
      return false;
    }
    taken = ready[readyFirst];
    readyFirst = readyFirst + 1 < capacity ? readyFirst + 1 : 0;
    readyCount--;
    takenFailed = failedCopies(taken);
    return true;
  }

  private void release(int slot) {
    int at = slot * MAX_COPIES;
    Arrays.fill(devices, at, at + copies[slot], null);
    Arrays.fill(refusals, at, at + copies[slot], null);
    buffers[slot] = null;
    free[freeCount++] = slot;
  }

  private int failedCopies(int slot) {
    int failedPlaces = places[slot] > 0 ? memory.failed(slot) : 0;
    if (places[slot] == copies[slot]) {
      return failedPlaces;
    }
    int failed = 0;
    int place = 0;
    for (int copy = 0; copy < copies[slot]; copy++) {
      if (refusals[slot * MAX_COPIES + copy] != null) {
        failed |= 1 << copy;
      } else if (places[slot] > 0 && (failedPlaces >>> place++ & 1) != 0) {
        failed |= 1 << copy;
      }
    }
    return failed;
  }

  @Override
  public long token() {
    return tokens[taken];
  }

  @Override
  public int failed() {
    return takenFailed;
  }

  @Override
  public DeviceException failure(int copy) {
    if ((takenFailed >>> copy & 1) == 0) {
      return null;
    }
    int at = taken * MAX_COPIES;
    if (refusals[at + copy] != null) {
      return refusals[at + copy];
    }
    int place = 0;
    for (int before = 0; before < copy; before++) {
      place += refusals[at + before] == null ? 1 : 0;
    }
    return devices[at + copy].failure(
        nameOf(taken), offsets[at + copy], lengths[taken], memory.errno(taken, place));
  }

  private String nameOf(int slot) {
    return switch (operations[slot]) {
      case SlotLayout.OPERATION_READ -> "read";
      case SlotLayout.OPERATION_WRITE -> "write";
      case SlotLayout.OPERATION_FLUSH -> "flush";
      case SlotLayout.OPERATION_DISCARD -> "discard";
      default -> "write zeroes";
    };
  }

  private void checkThread() {
    if (!owner.equals(Thread.currentThread())) {
      throw new WrongThreadException("a queue is used by the thread that made it: " + owner);
    }
  }

  @Override
  public void close() {
    checkThread();
    if (!closed) {
      closed = true;
      BlockNative.closeQueue(handle);
      memory.close();
    }
  }
}
