// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Backpointer;

/** Pointers to nodes that need work, against their backpointers in the reconcile_scan btree. */
final class NodeWork {
  private static final int SCAN = BtreeId.RECONCILE_SCAN.number();

  private final CheckContext context;
  private final OptionRules options;

  NodeWork(CheckContext context, OptionRules options) {
    this.context = context;
    this.options = options;
  }

  void check() {
    for (int btree : context.btrees().present()) {
      int root = context.btrees().rootLevel(btree);
      for (int level = 1; level <= root; level++) {
        int at = level;
        context.scan(btree, at, false, findings -> new PointerWorker(btree, at, findings));
      }
      BtreeRoot pointer = context.filesystem().journal().overlay().root(btree);
      if (pointer != null && pointer.key() != null) {
        new PointerWorker(btree, pointer.level() + 1, context).key(pointer.key());
      }
    }
    context.scan(BtreeId.RECONCILE_SCAN, EntryWorker::new);
  }

  private final class PointerWorker implements KeyWorker {
    private final int btree;
    private final int level;
    private final Findings findings;
    private final WorkOf work = new WorkOf(context);
    private final Bkey entry = new Bkey();
    private final OptionRules.Nodes rules;

    PointerWorker(int btree, int level, Findings findings) {
      this.btree = btree;
      this.level = level;
      this.findings = findings;
      this.rules = options.nodes(findings);
    }

    @Override
    public void key(Bkey key) {
      rules.key(btree, level, key);
      work.of(key);
      if (work.work() != WorkOf.NONE && work.index() == 0) {
        report(
            key, FsckError.BTREE_PTR_WITH_NO_RECONCILE_BP, "needs work and names no backpointer");
      } else if (work.work() == WorkOf.NONE && work.index() != 0) {
        report(
            key,
            FsckError.BTREE_PTR_WITH_BAD_RECONCILE_BP,
            "needs no work, but names a" + " backpointer");
      } else if (work.index() != 0) {
        backpointer(key);
      }
    }

    private void backpointer(Bkey key) {
      Bpos at = Bpos.of(work.work(), work.index());
      boolean there =
          context.btrees().lookup(SCAN, at, entry) && entry.type() == KeyType.BACKPOINTER.number();
      boolean right = false;
      if (there) {
        Backpointer value = Backpointer.decode(entry);
        right = value.btree() == btree && value.level() == level && value.pos().equals(key.pos());
      }
      if (!right && !context.damaged().mayLack(SCAN, at, at)) {
        report(
            key,
            FsckError.BTREE_PTR_TO_BAD_RECONCILE_BP,
            "its backpointer at reconcile_scan " + at + (there ? " is another's" : " is missing"));
      }
    }

    private void report(Bkey key, FsckError error, String what) {
      findings.report(CheckFinding.of(error, what).at(btree, level, key.pos()));
    }
  }

  private final class EntryWorker implements KeyWorker {
    private final Findings findings;
    private final WorkOf work = new WorkOf(context);
    private final Bkey target = new Bkey();

    EntryWorker(Findings findings) {
      this.findings = findings;
    }

    @Override
    public void key(Bkey key) {
      if (key.type() != KeyType.BACKPOINTER.number()) {
        return;
      }
      Backpointer value = Backpointer.decode(key);
      if (value.level() == 0) {
        report(key, FsckError.RECONCILE_BP_TO_LEAF_NODE_KEY, "points back to a leaf key");
        return;
      }
      boolean right = find(value);
      if (right) {
        work.of(target);
        right = work.work() == key.inode() && work.index() == key.offset();
      }
      if (!right && !context.damaged().anyPointers()) {
        report(
            key,
            FsckError.RECONCILE_BP_TO_MISSING_BTREE_PTR,
            "points back to "
                + BtreeId.nameOf(value.btree())
                + " level "
                + value.level()
                + " "
                + value.pos()
                + ", which does not name it");
      }
    }

    private boolean find(Backpointer value) {
      int root = context.btrees().rootLevel(value.btree());
      if (value.level() == root + 1) {
        BtreeRoot pointer = context.filesystem().journal().overlay().root(value.btree());
        if (pointer == null || pointer.key() == null) {
          return false;
        }
        target.set(pointer.key());
        return target.pos().equals(value.pos());
      }
      if (value.level() > root) {
        return false;
      }
      Bpos pos = value.pos();
      try (KeyIterator keys = context.btrees().iterate(value.btree(), value.level(), pos, pos)) {
        boolean there = keys.next();
        if (there) {
          target.set(keys.key());
        }
        return there;
      }
    }

    private void report(Bkey key, FsckError error, String what) {
      findings.report(CheckFinding.of(error, what).at(BtreeId.RECONCILE_SCAN, key));
    }
  }
}
