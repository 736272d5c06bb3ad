// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import java.util.Locale;
import java.util.Optional;

/** Keys of type "user" in the Linux kernel's keyrings. */
public final class Keyring {
  private static final int REVOKE = 3;
  private static final int SEARCH = 10;
  private static final int READ = 11;
  private static final int MOST_BYTES = 32767;

  /** A keyring that a process can name, in the order in which keys are looked for. */
  public enum Name {
    SESSION(-3),
    USER(-4),
    USER_SESSION(-5);

    private final int id;

    Name(int id) {
      this.id = id;
    }

    /** As options name it. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private Keyring() {}

  /** The payload of that key, looked for where the reference looks; empty if there is none. */
  public static Optional<byte[]> read(String description) {
    return find(description).flatMap(Keyring::payload);
  }

  /**
   * Puts a key into a keyring; one of that name in it gets the new payload.
   *
   * @return 0, or the number of the error: of {@link Errno}, {@link Errno#ENOSYS} where there are
   *     no keyrings
   */
  public static int add(Name keyring, String description, byte[] payload) {
    Optional<Function> syscall = syscall();
    if (syscall.isEmpty()) {
      return Errno.ENOSYS;
    }
    try (Memory bytes = new Memory(payload.length)) {
      bytes.write(0, payload, 0, payload.length);
      Object[] arguments = {
        new NativeLong(addKeyNumber()),
        "user",
        description,
        bytes,
        new NativeLong(payload.length),
        new NativeLong(keyring.id)
      };
      long key = ((NativeLong) syscall.get().invoke(NativeLong.class, arguments)).longValue();
      int error = key < 0 ? Native.getLastError() : 0;
      bytes.clear();
      return error;
    }
  }

  /**
   * Makes every key of that name that is found useless, and says how many those were. Best effort:
   * keys that may not be touched stay.
   */
  public static int revoke(String description) {
    int revoked = 0;
    for (Name keyring : Name.values()) {
      Optional<Integer> key = search(keyring, description);
      if (key.isPresent() && keyctl(REVOKE, key.get(), 0, 0) == 0) {
        revoked++;
      }
    }
    return revoked;
  }

  private static Optional<Integer> find(String description) {
    for (Name keyring : Name.values()) {
      Optional<Integer> key = search(keyring, description);
      if (key.isPresent()) {
        return key;
      }
    }
    return Optional.empty();
  }

  private static Optional<Integer> search(Name keyring, String description) {
    long key = keyctl(SEARCH, keyring.id, "user", description);
    return key > 0 ? Optional.of((int) key) : Optional.empty();
  }

  private static Optional<byte[]> payload(int key) {
    try (Memory buffer = new Memory(MOST_BYTES)) {
      long length = keyctl(READ, key, buffer, MOST_BYTES);
      Optional<byte[]> payload =
          length < 0 || length > MOST_BYTES
              ? Optional.empty()
              : Optional.of(buffer.getByteArray(0, (int) length));
      buffer.clear();
      return payload;
    }
  }

  /** The number that the call returned, negative for errors and where there are no keyrings. */
  private static long keyctl(int operation, int id, Object a, Object b) {
    return syscall()
        .map(function -> {
          Object[] arguments = {
            new NativeLong(keyctlNumber()),
            new NativeLong(operation),
            new NativeLong(id),
            wide(a),
            wide(b),
            new NativeLong(0)
          };
          return ((NativeLong) function.invoke(NativeLong.class, arguments)).longValue();
        })
        .orElse(-1L);
  }

  private static Optional<Function> syscall() {
    if (!Platform.isLinux() || keyctlNumber() < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(NativeLibrary.getInstance("c").getFunction("syscall"));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  private static Object wide(Object argument) {
    return argument instanceof Integer number ? new NativeLong(number) : argument;
  }

  /** The number of add_key(2): two before the next, everywhere. */
  private static int addKeyNumber() {
    return keyctlNumber() - 2;
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
