// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import java.util.Optional;

/** Reads keys of type "user" from the Linux kernel's keyrings. */
public final class Keyring {
  private static final int SEARCH = 10;
  private static final int READ = 11;
  private static final int SESSION_KEYRING = -3;
  private static final int USER_KEYRING = -4;
  private static final int USER_SESSION_KEYRING = -5;
  private static final int MOST_BYTES = 32767;

  private Keyring() {}

  /** The payload of that key, looked for where the reference looks; empty if there is none. */
  public static Optional<byte[]> read(String description) {
    int number = keyctlNumber();
    if (!Platform.isLinux() || number < 0) {
      return Optional.empty();
    }
    try {
      Function syscall = NativeLibrary.getInstance("c").getFunction("syscall");
      for (int keyring : new int[] {SESSION_KEYRING, USER_KEYRING, USER_SESSION_KEYRING}) {
        long key = keyctl(syscall, number, SEARCH, keyring, "user", description, 0);
        if (key > 0) {
          return payload(syscall, number, key);
        }
      }
      return Optional.empty();
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  private static Optional<byte[]> payload(Function syscall, int number, long key) {
    try (Memory buffer = new Memory(MOST_BYTES)) {
      long length = keyctl(syscall, number, READ, (int) key, buffer, MOST_BYTES, 0);
      return length < 0 || length > MOST_BYTES
          ? Optional.empty()
          : Optional.of(buffer.getByteArray(0, (int) length));
    }
  }

  private static long keyctl(
      Function syscall, int number, int operation, int id, Object a, Object b, int c) {
    Object[] arguments = {
      new NativeLong(number),
      new NativeLong(operation),
      new NativeLong(id),
      a,
      wide(b),
      new NativeLong(c)
    };
    return ((NativeLong) syscall.invoke(NativeLong.class, arguments)).longValue();
  }

  private static Object wide(Object argument) {
    return argument instanceof Integer number ? new NativeLong(number) : argument;
  }

  /** The number of keyctl(2), which glibc does not wrap. */
  private static int keyctlNumber() {
    return switch (Platform.ARCH) {
      case "x86-64" -> 250;
      case "aarch64", "riscv64", "loongarch64" -> 219;
      case "x86" -> 288;
      case "arm" -> 311;
      case "ppc64le", "ppc64" -> 271;
      case "s390x" -> 280;
      default -> -1;
    };
  }
}
