// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.RefusedException;

/**
 * Damages devices: by the editing language, and by words of its own for what no key is about.
 *
 * <pre>
 * missing DEVICE                      it is not there any more
 * zero DEVICE OFFSET LENGTH           zeros
 * scramble DEVICE OFFSET LENGTH SEED  random bytes
 * swap DEVICE OFFSET OTHER LENGTH     two ranges change places
 * </pre>
 */
final class DamagedDevices {
  private static final int CHUNK = 1 << 20;

  private DamagedDevices() {}

  /**
   * Those devices with that damage; what an earlier statement destroyed cannot be changed by a
   * later one.
   */
  static List<BlockDevice> of(
      List<BlockDevice> pristine, List<String> statements, OpenOptions open) {
    List<BlockDevice> devices = new ArrayList<>();
    pristine.forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    for (String statement : statements) {
      String[] words = statement.split(" ", -1);
      switch (words[0]) {
        case "missing" -> {}
        case "zero" -> devices.get(number(words, 1)).writeZeroes(at(words, 2), at(words, 3));
        case "scramble" ->
            scramble(devices.get(number(words, 1)), at(words, 2), at(words, 3), at(words, 4));
        case "swap" ->
            swap(devices.get(number(words, 1)), at(words, 2), at(words, 3), number(words, 4));
        default -> edit(devices, statement, open);
      }
    }
    List<BlockDevice> gone = new ArrayList<>();
    for (String statement : statements) {
      if (statement.startsWith("missing ")) {
        gone.add(devices.get(number(statement.split(" ", -1), 1)));
      }
    }
    gone.forEach(BlockDevice::close);
    devices.removeAll(gone);
    return devices;
  }

  private static void edit(List<BlockDevice> devices, String statement, OpenOptions open) {
    try {
      new ImageEditor(devices, open).runAll(statement);
    } catch (RefusedException | CorruptionException | NotFoundException | PassphraseException e) {
      // What an earlier statement destroyed cannot be changed, nor a field hold any number; one may
      // make a filesystem say that it is encrypted.
      if (e.getMessage().isEmpty()) {
        throw e;
      }
    }
  }

  private static int number(String[] words, int at) {
    return Integer.parseInt(words[at]);
  }

  private static long at(String[] words, int at) {
    return Long.parseLong(words[at]);
  }

  private static void scramble(BlockDevice device, long offset, long length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (long done = 0; done < length; done += CHUNK) {
      byte[] bytes = new byte[(int) Math.min(CHUNK, length - done)];
      random.nextBytes(bytes);
      device.write(offset + done, MemorySegment.ofArray(bytes));
    }
  }

  private static void swap(BlockDevice device, long offset, long other, int length) {
    MemorySegment one = MemorySegment.ofArray(new byte[length]);
    MemorySegment two = MemorySegment.ofArray(new byte[length]);
    device.read(offset, one);
    device.read(other, two);
    device.write(offset, two);
    device.write(other, one);
  }
}
