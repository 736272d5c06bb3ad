// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.damage;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.FindingPaths;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.data.Damage;
import org.jbcachefs.engine.data.Verify;
import org.jbcachefs.engine.data.VerifyListener;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.sb.ErrorsV2Section;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.DamageRecord;

/** Gathers what is wrong, by file. One use; {@link Verify} may tell of damage from any thread. */
public final class DamageSurvey {
  /** Told of how far the work is; by any thread. */
  public interface Listener {
    /** What is being done: a few words. */
    void begin(String what);

    /** So many bytes are to be read; -1 if that is not known. */
    void total(long bytes);

    /** So many more bytes were read. */
    void read(long bytes);
  }

  /** What is wrong with a file, while it is gathered. */
  private static final class Hurt {
    final TreeMap<Long, Long> lost = new TreeMap<>();
    final TreeSet<String> errors = new TreeSet<>();
    final List<FileDamage.Recorded> recorded = new ArrayList<>();
    long damagedCopies;

    void lose(long from, long to) {
      long start = from;
      long end = to;
      Map.Entry<Long, Long> before = lost.floorEntry(start);
      if (before != null && before.getValue() >= start) {
        start = before.getKey();
      }
      for (Map.Entry<Long, Long> next = lost.ceilingEntry(start);
          next != null && next.getKey() <= end;
          next = lost.ceilingEntry(start)) {
        end = Math.max(end, next.getValue());
        lost.remove(next.getKey());
      }
      lost.put(start, end);
    }
  }

  private final ReadFilesystem filesystem;
  private final Listener listener;

  /** Paths as ISO-8859-1, which keeps every name apart and in the order of its bytes. */
  private final Map<String, Hurt> files = new TreeMap<>();

  private final Map<String, Long> elsewhere = new TreeMap<>();

  public DamageSurvey(ReadFilesystem filesystem, Listener listener) {
    this.filesystem = filesystem;
    this.listener = listener;
  }

  /**
   * Checks the metadata.
   *
   * @param reading what reading told of so far
   */
  public void check(ReadingFindings reading, CheckOptions options) {
    FindingPaths paths = new FindingPaths(filesystem);
    new Check(filesystem, reading, options, new Checking(paths)).run();
  }

  /** Takes what the filesystem remembers of its inodes; none does before version 1.39. */
  public void recorded() {
    if (!filesystem.btrees().present().contains(BtreeId.DAMAGE.number())) {
      return;
    }
    FindingPaths paths = new FindingPaths(filesystem);
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.DAMAGE.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.DAMAGE.number()) {
          Bpos inode = new Bpos(0, keys.key().offset(), keys.key().snapshot());
          CheckFinding about =
              CheckFinding.of(FsckError.DAMAGE_KEY_NO_INODE, "").at(BtreeId.INODES, inode);
          add(DamageRecord.decode(keys.key()), paths.of(about));
        }
      }
    }
  }

  private synchronized void add(DamageRecord record, List<byte[]> paths) {
    for (ErrorsV2Section.Entry entry : record.entries()) {
      String error = FsckError.nameOf(entry.id());
      if (paths.isEmpty()) {
        elsewhere.merge(error, entry.count(), Long::sum);
      }
      for (byte[] path : paths) {
        at(path)
            .recorded
            .add(
                new FileDamage.Recorded(error, entry.count(), entry.firstTime(), entry.lastTime()));
      }
    }
  }

  /** Reads every copy of everything. */
  public void verify(int threads) {
    listener.begin("verifying");
    new Verify(filesystem.verifySubject(), threads, new Verifying()).run();
  }

  /** The files that are hurt, by path. */
  public synchronized List<FileDamage> files() {
    List<FileDamage> all = new ArrayList<>();
    files.forEach((path, hurt) -> {
      List<FileDamage.Range> lost = new ArrayList<>();
      hurt.lost.forEach((from, to) -> lost.add(new FileDamage.Range(from, to)));
      byte[] bytes = path.getBytes(StandardCharsets.ISO_8859_1);
      all.add(new FileDamage(bytes, lost, hurt.damagedCopies, hurt.errors, hurt.recorded));
    });
    return all;
  }

  /** How often each error was found in what belongs to no file that is known. */
  public synchronized Map<String, Long> elsewhere() {
    return new TreeMap<>(elsewhere);
  }

  private Hurt at(byte[] path) {
    return files.computeIfAbsent(new String(path, StandardCharsets.ISO_8859_1), _ -> new Hurt());
  }

  private synchronized void add(String error, List<byte[]> paths) {
    if (paths.isEmpty()) {
      elsewhere.merge(error, 1L, Long::sum);
    }
    paths.forEach(path -> at(path).errors.add(error));
  }

  private synchronized void add(Damage damage) {
    add(damage.finding().name(), damage.paths());
    for (byte[] path : damage.paths()) {
      Hurt hurt = at(path);
      if (!damage.lost()) {
        hurt.damagedCopies++;
      } else if (damage.fileOffset() >= 0) {
        hurt.lose(damage.fileOffset(), damage.fileOffset() + damage.bytes());
      }
    }
  }

  private final class Verifying implements VerifyListener {
    @Override
    public void total(long bytes) {
      listener.total(bytes);
    }

    @Override
    public void read(long bytes) {
      listener.read(bytes);
    }

    @Override
    public void damage(Damage damage) {
      add(damage);
    }
  }

  private final class Checking implements CheckListener {
    private final FindingPaths paths;

    Checking(FindingPaths paths) {
      this.paths = paths;
    }

    @Override
    public void begin(RecoveryPass pass) {
      listener.begin(pass.toString());
    }

    @Override
    public void stage(String what) {
      listener.begin(what);
    }

    @Override
    public void progress(long items, double fraction) {
      // Passes are short against the reading of all data.
    }

    @Override
    public void finding(CheckFinding finding) {
      if (!finding.note()) {
        add(finding.name(), paths.of(finding));
      }
    }

    @Override
    public void end(RecoveryPass pass, long nanoseconds) {
      // Nobody wants to know.
    }
  }
}
