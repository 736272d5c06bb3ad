// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.device;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jbcachefs.block.BlockNode;
import org.jbcachefs.block.DeviceHolders;
import org.jbcachefs.block.DeviceHolders.Holder;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.block.shim.ShimClaim;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/** Holds a device for a moment, the best way that there is. */
final class ClaimTest {
  /** How it was tried. */
  enum Way {
    SHIM("claimed by the kernel module"),
    EXCLUSIVE_OPEN("opened exclusively"),
    FILE_LOCK("locked as a file");

    private final String words;

    Way(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What came of it.
   *
   * @param why not; null if it can be claimed
   * @param holders as far as they can be told
   */
  record Outcome(Way way, String why, List<Holder> holders) {
    boolean claimable() {
      return why == null;
    }
  }

  private final IoMode mode;
  private final boolean write;

  ClaimTest(IoMode mode, boolean write) {
    this.mode = mode;
    this.write = write;
  }

  Outcome of(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new DeviceException(Place.device(path.toString(), -1), "no such file or directory");
    }
    Optional<BlockNode> node = BlockNode.of(path);
    if (node.isEmpty()) {
      return lock(path);
    }
    if (mode == IoMode.SHIM || (mode == IoMode.AUTO && ShimNode.isPresent())) {
      return claim(path, node.get());
    }
    return openExclusively(path, node.get());
  }

  private Outcome claim(Path path, BlockNode node) throws IOException {
    try (ShimNode shim = ShimNode.require()) {
      try {
        shim.release(shim.claim(path, write));
        return new Outcome(Way.SHIM, null, List.of());
      } catch (NativeException e) {
        List<Holder> holders = new ArrayList<>(DeviceHolders.of(node));
        for (ShimClaim claim : shim.claims()) {
          if (claim.major() == node.major() && claim.minor() == node.minor()) {
            String name = claim.pid() + " (" + claim.command() + ")";
            holders.add(new Holder(DeviceHolders.Kind.PROCESS, name));
          }
        }
        return new Outcome(Way.SHIM, Errno.text(e.errno()), holders);
      }
    }
  }

  private Outcome openExclusively(Path path, BlockNode node) throws IOException {
    if (!LibC.isAvailable()) {
      throw new RefusedException(
          "no_exclusive_open",
          Place.device(path.toString(), -1),
          "devices cannot be opened exclusively on this system");
    }
    int flags = (write ? LibC.O_RDWR : LibC.O_RDONLY) | LibC.O_EXCL | LibC.O_CLOEXEC;
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path.toString()).address();
      int descriptor = LibC.openat(LibC.AT_FDCWD, name, flags, 0);
      if (descriptor < 0) {
        String why = Errno.text(LibC.errno());
        return new Outcome(Way.EXCLUSIVE_OPEN, why, DeviceHolders.of(node));
      }
      LibC.close(descriptor);
      return new Outcome(Way.EXCLUSIVE_OPEN, null, List.of());
    }
  }

  private Outcome lock(Path path) {
    try {
      (write ? FileBlockDevice.openReadWrite(path) : FileBlockDevice.openReadOnly(path)).close();
      return new Outcome(Way.FILE_LOCK, null, List.of());
    } catch (DeviceException e) {
      return new Outcome(Way.FILE_LOCK, e.getMessage(), List.of());
    }
  }
}
