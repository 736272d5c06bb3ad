// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentPtr;

/**
 * Notes that options changed and keys have not been looked at since: of the filesystem, of a device
 * or of an inode. While there is one, keys may differ from what options want. Thread-safe. Source:
 * {@code bch2_reconcile_scan_cookie_is_set}.
 */
final class ScanCookies {
  /** Places in the reconcile_scan btree, below those of inodes. */
  static final long FILESYSTEM = 0;

  static final long STRIPES = 3;

  /** The place of device 0. */
  static final long DEVICES = 32;

  private static final int SCAN = BtreeId.RECONCILE_SCAN.number();

  private final CheckContext context;
  private final boolean filesystem;

  ScanCookies(CheckContext context) {
    this.context = context;
    this.filesystem = has(FILESYSTEM);
  }

  /** Whether there is one at that place, or may be. */
  boolean has(long place) {
    Bpos at = Bpos.of(0, place);
    Bkey key = new Bkey();
    return (context.btrees().lookup(SCAN, at, key) && key.type() == KeyType.COOKIE.number())
        || context.damaged().mayLack(SCAN, at, at);
  }

  /** Whether there is one of the whole filesystem or of an inode. */
  boolean excuses(long inode) {
    return filesystem || has(inode);
  }

  /** Whether there is one of a device. */
  boolean excusesDevice(int device) {
    return device != ExtentPtr.NO_DEVICE && has(DEVICES + device);
  }
}
