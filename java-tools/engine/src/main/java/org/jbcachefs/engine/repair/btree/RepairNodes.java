// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.btree;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyChecks;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.recovery.RepairAccess;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;

/**
 * Nodes with something wrong in them are written anew, on as many devices as they should be on:
 * without the keys that contradict the format, but for those of which it is plain what they were
 * ({@link MendedKeys}).
 */
public final class RepairNodes implements Repair {
  private static final Set<FsckError> ERRORS = Collections.unmodifiableSet(foundWhileReading());

  private static Set<FsckError> foundWhileReading() {
    Set<FsckError> errors = ErrorMeaning.foundBy("node", "key", "check_topology");
    errors.addAll(List.of(FsckError.BTREE_NODE_READ_ERROR, FsckError.DIRENT_TO_ITSELF));
    return errors;
  }

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public boolean isGeneral() {
    return true;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.NODES;
  }

  @Override
  public String what(FsckError error) {
    boolean lost =
        error == FsckError.BTREE_NODE_READ_ERROR
            || error == FsckError.BTREE_ROOT_READ_ERROR
            || error == FsckError.BTREE_ROOT_UNREADABLE_AND_SCAN_FOUND_NOTHING
            || (error != null && error.name().startsWith("BTREE_NODE_TOPOLOGY"));
    return lost
        ? "make the btree anew, of what is left of it and of what other keys say"
        : "write the node anew; keys of which it is plain what they were are mended, others that"
            + " contradict the format are left out";
  }

  private record At(int btree, int level, Bpos pos) {}

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    RepairAccess access = context.filesystem().repair();
    List<Finding> heard = Collections.synchronizedList(new ArrayList<>());
    NodeReader reader =
        NodeReader.checking(
            context.filesystem().devices(),
            access.nodeContext(),
            heard::add,
            new KeyChecks(context.filesystem().superblock().version(), heard::add));
    MendedKeys mended = new MendedKeys(context);
    List<At> wrong = new ArrayList<>();
    for (int btree : context.btrees().present()) {
      LiveNode root = access.root(btree);
      look(reader, heard, root.pointer(), wrong, mended);
      for (int level = root.level(); level > 0; level--) {
        try (KeyIterator keys = context.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            look(
                reader,
                heard,
                BtreePointer.parse(btree, level - 1, keys.key(), Place.NOWHERE),
                wrong,
                mended);
          }
        }
      }
    }
    wrong.forEach(at -> access.rewrite(at.btree, at.level, at.pos));
    mended.put();
  }

  private static void look(
      NodeReader reader,
      List<Finding> heard,
      BtreePointer pointer,
      List<At> wrong,
      MendedKeys mended) {
    if (pointer == null) {
      return;
    }
    heard.clear();
    try {
      reader.read(pointer);
    } catch (CorruptionException e) {
      // Nothing of it can be written anew.
      return;
    }
    if (!heard.isEmpty()) {
      wrong.add(new At(pointer.btree(), pointer.level(), pointer.maxKey()));
      mended.lookFor(pointer);
    }
  }
}
