// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;

/**
 * What an error of the engine means to the caller of a system call, and what of it goes to the log:
 * everything that becomes EIO, with the file's path and where on the devices it happened.
 */
final class Failures {
  private static final int LINES_A_MINUTE = 20;

  private final SessionLog log;
  private final Function<FileId, String> path;
  private final RateLimit limit;

  Failures(SessionLog log, Function<FileId, String> path, LongSupplier nanoClock) {
    this.log = log;
    this.path = path;
    this.limit = new RateLimit(LINES_A_MINUTE, nanoClock);
  }

  /**
   * The negative errno to answer with.
   *
   * @param operation what was tried, e.g. "read 4096 bytes at 0"
   * @param file null if no file is concerned
   */
  int errno(String operation, FileId file, BcachefsException e) {
    return switch (e) {
      case NotFoundException _ -> -Errno.ENOENT;
      case RefusedException _ -> -Errno.EPERM;
      case PassphraseException _ -> -Errno.ENOKEY;
      case PosixException posix -> {
        if (posix.error() == PosixError.EIO) {
          tell(operation, file, e);
        }
        yield -posix.error().number();
      }
      case CorruptionException _, LostDataException _, DeviceException _ -> {
        tell(operation, file, e);
        yield -Errno.EIO;
      }
    };
  }

  private void tell(String operation, FileId file, BcachefsException e) {
    long missed = limit.pass();
    if (missed < 0) {
      return;
    }
    String more = missed == 0 ? "" : " (" + missed + " more such errors were not shown)";
    String where = file == null ? "" : pathOf(file) + ": ";
    log.warning(where + operation + ": " + e.sentence() + more);
  }

  private String pathOf(FileId file) {
    try {
      return path.apply(file);
    } catch (BcachefsException e) {
      // The way up to the root is damaged too.
      return "inode " + file.inode() + " in subvolume " + file.subvolume();
    }
  }

  /** Answers for a defect: the caller must not wait for ever because of it. */
  int defect(String operation, RuntimeException e) {
    if (limit.pass() >= 0) {
      log.defect(operation + ": a defect of jbcachefs, please report it", e);
    }
    return -Errno.EIO;
  }
}
