// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;

/**
 * Lists of work against what asks for them: first by sums of hashes, then, if these differ, entry
 * by entry in both directions.
 */
final class WorkLists {
  /** Says which list a key belongs on, and where on it. */
  interface Rule {
    /** The list; null for none. */
    BtreeId list(Bkey key);

    /** Where on the list a key of that btree stands. */
    Bpos place(BtreeId source, Bkey key);

    /** Which key stands there; null if it is of another source. */
    Bpos keyOf(BtreeId source, Bkey entry);
  }

  private final CheckContext context;
  private final List<BtreeId> sources;
  private final List<BtreeId> lists;
  private final Supplier<Rule> rules;
  private final FsckError error;
  private final BiFunction<BtreeId, Findings, KeyWorker> beside;
  private final LongAdder wanted = new LongAdder();
  private final LongAdder found = new LongAdder();

  /**
   * Lists and their sources.
   *
   * @param beside makes what looks at the sources' keys in the same go
   */
  WorkLists(
      CheckContext context,
      List<BtreeId> sources,
      List<BtreeId> lists,
      Supplier<Rule> rules,
      FsckError error,
      BiFunction<BtreeId, Findings, KeyWorker> beside) {
    this.context = context;
    this.sources = sources;
    this.lists = lists;
    this.rules = rules;
    this.error = error;
    this.beside = beside;
  }

  void check() {
    sources.forEach(source -> context.scan(source, f -> new WantedWorker(source, f)));
    lists.forEach(list ->
        context.scan(
            list,
            _ ->
                key -> {
                  if (key.type() == KeyType.SET.number()) {
                    found.add(hash(list, key.inode(), key.offset(), key.snapshot()));
                  }
                }));
    if (wanted.sum() != found.sum()) {
      sources.forEach(source -> context.scan(source, f -> new MissingWorker(source, f)));
      lists.forEach(list -> context.scan(list, f -> new EntryWorker(list, f)));
    }
  }

  private static long hash(BtreeId list, long inode, long offset, int snapshot) {
    long mixed = inode * 0x9e3779b97f4a7c15L ^ Long.rotateLeft(offset, 21);
    mixed = (mixed ^ (mixed >>> 29)) * 0xbf58476d1ce4e5b9L;
    mixed ^= Integer.toUnsignedLong(snapshot) << 8 | list.number();
    mixed = (mixed ^ (mixed >>> 32)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }

  private final class WantedWorker implements KeyWorker {
    private final BtreeId source;
    private final Rule rule = rules.get();
    private final KeyWorker other;

    WantedWorker(BtreeId source, Findings findings) {
      this.source = source;
      this.other = beside.apply(source, findings);
    }

    @Override
    public void key(Bkey key) {
      BtreeId list = rule.list(key);
      if (list != null) {
        Bpos at = rule.place(source, key);
        wanted.add(hash(list, at.inode(), at.offset(), at.snapshot()));
      }
      other.key(key);
    }

    @Override
    public void end() {
      other.end();
    }
  }

  /** Keys that are not on their list. */
  private final class MissingWorker implements KeyWorker {
    private final BtreeId source;
    private final Findings findings;
    private final Rule rule = rules.get();
    private final Bkey entry = new Bkey();

    MissingWorker(BtreeId source, Findings findings) {
      this.source = source;
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      BtreeId list = rule.list(key);
      if (list == null) {
        return;
      }
      Bpos at = rule.place(source, key);
      boolean there =
          context.btrees().lookup(list.number(), at, entry) && entry.type() == KeyType.SET.number();
      if (!there && !context.damaged().mayLack(list.number(), at, at)) {
        findings.report(
            CheckFinding.of(error, "not on the list of work that it needs")
                .at(source, key)
                .expected("an entry at " + list + " " + at)
                .found("none"));
      }
    }
  }

  /** Entries that list a key which asks for no such work. */
  private final class EntryWorker implements KeyWorker {
    private final BtreeId list;
    private final Findings findings;
    private final Rule rule = rules.get();
    private final Bkey listed = new Bkey();

    EntryWorker(BtreeId list, Findings findings) {
      this.list = list;
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      if (key.type() != KeyType.SET.number()) {
        return;
      }
      for (BtreeId source : sources) {
        Bpos at = rule.keyOf(source, key);
        if (at != null) {
          boolean right =
              context.btrees().lookup(source.number(), at, listed) && rule.list(listed) == list;
          if (!right && !context.damaged().mayLack(source.number(), at, at)) {
            findings.report(
                CheckFinding.of(error, "lists " + source + " " + at + ", which does not ask for it")
                    .at(list, key));
          }
        }
      }
    }
  }
}
