// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;

/** The C library's functions that mounting needs; a failure throws its errno. */
interface LibC extends Library {
  int MS_RDONLY = 1;
  int MS_REMOUNT = 32;
  int MNT_DETACH = 2;

  /** Of poll(2): something has changed in a file of /proc. */
  short POLLPRI = 2;

  int O_RDWR = 2;
  int LOG_DAEMON = 3 << 3;
  int LOG_PID = 1;
  int LOG_ERR = 3;
  int LOG_WARNING = 4;
  int LOG_INFO = 6;
  int O_RDONLY = 0;
  int O_DIRECTORY = 0200000;

  static LibC load() {
    return Native.load("c", LibC.class);
  }

  int mount(String source, String target, String type, NativeLong flags, String data)
      throws LastErrorException;

  int umount2(String target, int flags) throws LastErrorException;

  /** Of {@link #prctl}: this thread, and those it makes, write for others. */
  int PR_SET_IO_FLUSHER = 57;

  int geteuid();

  int getegid();

  int getuid();

  int setsid() throws LastErrorException;

  int chdir(String path) throws LastErrorException;

  int open(String path, int flags) throws LastErrorException;

  int prctl(int option, NativeLong second, NativeLong third, NativeLong fourth, NativeLong fifth)
      throws LastErrorException;

  int close(int fd) throws LastErrorException;

  /**
   * poll(2).
   *
   * @param entries {@code struct pollfd}: descriptor, events, revents
   */
  int poll(Pointer entries, NativeLong count, int timeoutMillis) throws LastErrorException;

  int truncate64(String path, long length) throws LastErrorException;

  int syncfs(int fd) throws LastErrorException;

  int dup2(int from, int to) throws LastErrorException;

  /** The identity is kept by the C library, so it must outlive all calls of syslog. */
  void openlog(Pointer identity, int options, int facility);

  void syslog(int priority, String format, String sentence);
}
