// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import com.sun.jna.LastErrorException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.jni.NativeException;

/**
 * Serving in the background. A JVM cannot fork, so the command runs itself once more as a child,
 * with the same words and an environment variable that says so. The child shares the terminal (for
 * a passphrase, and for complaints) until it has mounted; then it says so on its standard output,
 * which is a pipe to the parent, and leaves terminal, session and directory.
 */
public final class Background {
  /** Environment variable of the child. */
  public static final String CHILD = "JBCACHEFS_MOUNT_CHILD";

  private static final int MOUNTED = '+';

  private Background() {}

  /** Whether this process is the child. */
  public static boolean isChild(Map<String, String> environment) {
    return environment.containsKey(CHILD);
  }

  /**
   * Runs this process's own command line as a child and waits until it serves or has failed.
   *
   * @return 0 once it serves, otherwise the child's exit code
   */
  public static int runChild() throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(ownCommandLine());
    builder.environment().put(CHILD, "1");
    builder.redirectInput(ProcessBuilder.Redirect.INHERIT);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process child = builder.start();
    try (InputStream said = child.getInputStream()) {
      if (said.read() == MOUNTED) {
        return 0;
      }
    }
    int code = child.waitFor();
    return code == 0 ? 1 : code;
  }

  /** The words of this process, as the kernel has them. */
  private static List<String> ownCommandLine() throws IOException {
    List<String> words = new ArrayList<>();
    ProcessHandle.Info info = ProcessHandle.current().info();
    String text =
        new String(Files.readAllBytes(Path.of("/proc/self/cmdline")), StandardCharsets.UTF_8);
    for (String word : text.split("\0", -1)) {
      words.add(word);
    }
    words.removeLast(); // what follows the last NUL
    // The first word may be a name that only a PATH of then could resolve.
    words.set(0, info.command().orElse(words.getFirst()));
    return words;
  }

  /** In the child, once it serves: tells the parent, then leaves everything that ties it to it. */
  public static void detach() throws NativeException {
    LibC libc = LibC.load();
    System.out.write(MOUNTED);
    System.out.flush();
    try {
      libc.setsid();
      libc.chdir("/");
      int nothing = libc.open("/dev/null", LibC.O_RDWR);
      for (int standard = 0; standard <= 2; standard++) {
        libc.dup2(nothing, standard);
      }
    } catch (LastErrorException e) {
      throw new NativeException("leave the terminal", e.getErrorCode());
    }
  }
}
