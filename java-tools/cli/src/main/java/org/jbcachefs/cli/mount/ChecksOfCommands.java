// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.transport.FuseNotifier;

/**
 * Checks of what is mounted.
 *
 * @param filesystem null where nothing can ever be changed
 * @param files as they are at the moment
 */
record ChecksOfCommands(
    WritableFilesystem filesystem,
    DeviceSet devices,
    Optional<FilesystemKey> key,
    Session session,
    Optional<FuseNotifier> notifier,
    Supplier<Namespace> files)
    implements MountedChecks {
  /** How long to wait for changes that are under way. */
  private static final long PATIENCE_MILLIS = 60_000;

  private static final long FROM_THE_BEGINNING = -1;

  @Override
  public Optional<WritableFilesystem> writable() {
    boolean changing = filesystem != null && !session.gate().isShut() && !session.isEmergency();
    return changing ? Optional.of(filesystem) : Optional.empty();
  }

  @Override
  public ReadFilesystem atRest(Consumer<Finding> findings) {
    List<BlockDevice> lent = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null) {
        lent.add(new LentDevice(devices.device(index)));
      }
    }
    OpenOptions options = OpenOptions.defaults().withKeyChecks(true).withFindings(findings);
    return ReadFilesystem.open(
        lent, key.map(known -> options.withKeySource(KeySource.of(known))).orElse(options));
  }

  @Override
  public void quietly(Runnable work) {
    boolean done;
    try {
      done = session.gate().alone(work, PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      done = false;
    }
    if (!done) {
      throw new RefusedException(
          "busy", Place.NOWHERE, "changes are under way that do not come to an end");
    }
  }

  @Override
  public Runnable forgetting() {
    Map<Long, Set<ByteBuffer>> names = new HashMap<>();
    List<Long> nodes = new ArrayList<>();
    addNames(names, nodes);
    return () -> {
      addNames(names, nodes);
      forget(names, nodes);
    };
  }

  /** Names in all directories that the kernel knows. */
  private void addNames(Map<Long, Set<ByteBuffer>> names, List<Long> nodes) {
    session.eachKnown((node, file) -> {
      nodes.add(node);
      add(names, node, file);
    });
  }

  private void add(Map<Long, Set<ByteBuffer>> names, long node, FileId file) {
    try {
      files
          .get()
          .list(
              file,
              FROM_THE_BEGINNING,
              entry -> {
                names
                    .computeIfAbsent(node, _ -> new HashSet<>())
                    .add(ByteBuffer.wrap(entry.name()));
                return true;
              });
    } catch (BcachefsException e) {
      // No directory, or not to be read: nothing to be forgotten.
      return;
    }
  }

  private void forget(Map<Long, Set<ByteBuffer>> names, List<Long> nodes) {
    if (notifier.isEmpty()) {
      return;
    }
    try {
      for (Map.Entry<Long, Set<ByteBuffer>> directory : names.entrySet()) {
        for (ByteBuffer name : directory.getValue()) {
          byte[] bytes = new byte[name.remaining()];
          name.duplicate().get(bytes);
          notifier.get().forgetEntry(directory.getKey(), bytes);
        }
      }
      for (long node : nodes) {
        notifier.get().forgetInode(node, -1, 0);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
