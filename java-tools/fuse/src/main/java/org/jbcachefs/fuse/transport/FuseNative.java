// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

/**
 * The functions of libjbcachefs for FUSE, bare: plain numbers in, a result or a negative errno out,
 * memory by address. {@code NativeLibrary} loads the library; the classes of this package give the
 * functions their meaning. This file depends on nothing, since the native build makes its header
 * from it alone.
 */
final class FuseNative {
  private FuseNative() {}

  /** Opens /dev/fuse; returns the descriptor. */
  static native int openDevice();

  /** Another descriptor of the same connection. */
  static native int cloneDevice(int fd);

  /** Waits for a request, without sleeping at first, and reads it; returns its length. */
  static native int receive(int fd, long buffer, int length, long spinNanos);

  /** Sends a whole reply. */
  static native int reply(int fd, long buffer, int length);

  static native int close(int fd);

  /** Binds the calling thread to that CPU. */
  static native int pinThread(int cpu);

  /**
   * Mounts through fusermount3; the arguments are C strings; returns the connection's descriptor.
   */
  static native int mountByHelper(long helper, long options, long mountpoint);

  /** Makes a ring for the calling thread; returns it, or a negative errno. */
  static native long openRing(int fd);

  /** Registers entries of a queue, numbered from {@code first} on. */
  static native int registerEntries(
      long ring,
      int queue,
      int first,
      int entries,
      long headers,
      long headerBytes,
      long payloads,
      long payloadBytes);

  /** Sends replies and waits for that many arrivals; returns how many were stored. */
  static native int exchange(
      long ring, long commits, int count, int waitFor, long arrivals, int max);

  /** Ends the ring's wait; from any thread. */
  static native int wakeRing(long ring);

  static native void closeRing(long ring);
}
