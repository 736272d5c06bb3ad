// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The engine alone, on one thread and on a device without latency, whose checksums and journal are
 * as on any other. With {@code -prof gc} a lookup and a key of a scan must allocate nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class EngineBenchmark {
  private static final int KEYS = 100_000;
  private static final int BATCH = 1_000;
  private static final long DEVICE_BYTES = 1L << 30;
  private static final int BUCKET_BYTES = 512 << 10;
  private static final int NODE_BYTES = 256 << 10;
  private static final BtreeId BTREE = BtreeId.DELETED_INODES;

  private final SplittableRandom random = new SplittableRandom(7);
  private final Bkey found = new Bkey();
  private WritableFilesystem filesystem;
  private Bpos[] places;
  private int next;

  /** Formats a filesystem and puts keys into it, in nodes of several levels. */
  @Setup
  public void prepare() {
    FormatOptions.MemberFormat member =
        new FormatOptions.MemberFormat(
            new NativeMemoryDevice(DEVICE_BYTES),
            new UUID(1, 2),
            DEVICE_BYTES,
            BUCKET_BYTES,
            -1,
            1,
            false,
            false,
            1 << DataType.JOURNAL.number()
                | 1 << DataType.BTREE.number()
                | 1 << DataType.USER.number(),
            MemberState.RW);
    FormatOptions format =
        new FormatOptions(
            new UUID(3, 4),
            new UUID(5, 6),
            "bench",
            MetadataVersion.CURRENT.number(),
            4096,
            NODE_BYTES,
            16,
            2048,
            Map.of(),
            DiskGroupsSection.NONE,
            Optional.empty(),
            List.of(member));
    filesystem = FilesystemFormat.create(format, Optional.empty(), WriteOptions.defaults());
    places = new Bpos[KEYS];
    for (int i = 0; i < KEYS; i++) {
      places[i] = Bpos.of(0, 4096 + (i + 1L) * 64);
    }
    for (int i = 0; i < KEYS; i += BATCH) {
      int from = i;
      filesystem.transact(
          "prepare",
          transaction -> {
            for (int each = from; each < from + BATCH; each++) {
              transaction.set(BTREE, places[each]);
            }
            return null;
          });
      filesystem.tick();
    }
  }

  /** Ends it. */
  @TearDown
  public void end() {
    filesystem.close();
  }

  /** One small transaction, not made durable; what is due meanwhile is done, too. */
  @Benchmark
  public long transaction() {
    Bpos place = place();
    long seq =
        filesystem
            .transact(
                "bench",
                transaction -> {
                  transaction.set(BTREE, place);
                  return null;
                })
            .seq();
    if (next % BATCH == 0) {
      filesystem.tick();
    }
    return seq;
  }

  /** One small transaction, durable when it returns: one journal write. */
  @Benchmark
  public void journalFlush() {
    Bpos place = place();
    filesystem.flush(
        filesystem
            .transact(
                "bench",
                transaction -> {
                  transaction.set(BTREE, place);
                  return null;
                })
            .seq());
    if (next % BATCH == 0) {
      filesystem.tick();
    }
  }

  /** A key in a place that is drawn. */
  @Benchmark
  public boolean lookup() {
    return filesystem.btrees().lookup(BTREE.number(), places[random.nextInt(KEYS)], found);
  }

  /** All keys in order; counted by key. */
  @Benchmark
  @OperationsPerInvocation(KEYS)
  public long scan() {
    long sum = 0;
    try (KeyIterator keys =
        filesystem.btrees().iterate(BTREE.number(), places[0], places[KEYS - 1])) {
      while (keys.next()) {
        sum += keys.key().offset();
      }
    }
    return sum;
  }

  private Bpos place() {
    next++;
    return Bpos.of(0, 4096 + random.nextInt(KEYS) * 64L + 1 + next % 63);
  }
}
