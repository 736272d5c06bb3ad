// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

/**
 * What a device is like, as far as is known. Sizes are in bytes; as a maximum 0 says that the
 * device cannot do it, and -1 anywhere that it is not known.
 *
 * @param node the kernel's name of the device ("nvme0n1"), or null for an image file
 * @param size of the device
 * @param logicalBlock what requests are multiples of
 * @param physicalBlock what the medium writes at once
 * @param ioMin the smallest request without a penalty
 * @param ioOptimal the preferred size of requests; 0 if there is none
 * @param bufferAlignment what addresses of memory are multiples of
 * @param discardGranularity what is discarded in multiples of it
 */
public record DeviceGeometry(
    String node,
    long major,
    long minor,
    long size,
    long logicalBlock,
    long physicalBlock,
    long ioMin,
    long ioOptimal,
    long bufferAlignment,
    long discardGranularity,
    long maxDiscard,
    long maxWriteZeroes,
    Answer rotational,
    Answer writeCache,
    Answer fua,
    Answer stableWrites,
    Answer readOnly) {
  private static final long UNKNOWN = -1;
  private static final long SMALLEST_BLOCK = 512;

  /** Of an image file: its size, and blocks as small as those of any device. */
  public static DeviceGeometry ofFile(long size, boolean readOnly) {
    return new DeviceGeometry(
        null,
        UNKNOWN,
        UNKNOWN,
        size,
        SMALLEST_BLOCK,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        Answer.UNKNOWN,
        Answer.UNKNOWN,
        Answer.UNKNOWN,
        Answer.UNKNOWN,
        Answer.of(readOnly));
  }

  /** Yes, no, or not known. */
  public enum Answer {
    YES,
    NO,
    UNKNOWN;

    public static Answer of(boolean yes) {
      return yes ? YES : NO;
    }
  }
}
