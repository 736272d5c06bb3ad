// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.Memory;
import java.io.PrintStream;
import org.jbcachefs.fuse.session.SessionLog;

/** Logs of mounted filesystems: standard error in the foreground, syslog(3) in the background. */
public final class SystemLog {
  private static final String IDENTITY = "jbcachefs";

  private SystemLog() {}

  /** Lines on that stream. */
  public static SessionLog stream(PrintStream out) {
    return new StreamLog(out);
  }

  /** Lines to syslog(3), each beginning with what is mounted. */
  public static SessionLog syslog(String mounted) {
    LibC libc = LibC.load();
    Memory identity = new Memory(IDENTITY.length() + 1);
    identity.setString(0, IDENTITY);
    libc.openlog(identity, LibC.LOG_PID, LibC.LOG_DAEMON);
    return new Syslog(libc, identity, mounted);
  }

  private record StreamLog(PrintStream out) implements SessionLog {
    @Override
    public void remark(String sentence) {
      warning(sentence);
    }

    @Override
    public void warning(String sentence) {
      out.println("jbcachefs: " + sentence);
    }

    @Override
    public void defect(String sentence, Throwable trace) {
      synchronized (out) {
        out.println("jbcachefs: " + sentence + ": " + trace);
        for (StackTraceElement element : trace.getStackTrace()) {
          out.println("    at " + element);
        }
      }
    }
  }

  /** Holds the identity, which the C library keeps a pointer to. */
  private record Syslog(LibC libc, Memory identity, String mounted) implements SessionLog {
    @Override
    public void remark(String sentence) {
      libc.syslog(LibC.LOG_INFO, "%s", mounted + ": " + sentence);
    }

    @Override
    public void warning(String sentence) {
      libc.syslog(LibC.LOG_WARNING, "%s", mounted + ": " + sentence);
    }

    @Override
    public void defect(String sentence, Throwable trace) {
      libc.syslog(LibC.LOG_ERR, "%s", mounted + ": " + sentence + ": " + trace);
      for (StackTraceElement element : trace.getStackTrace()) {
        libc.syslog(LibC.LOG_ERR, "%s", "    at " + element);
      }
    }
  }
}
