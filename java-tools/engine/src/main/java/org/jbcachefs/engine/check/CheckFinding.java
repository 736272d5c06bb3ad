// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.Optional;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Something that contradicts what the format promises. Made with {@link #of} and the withers:
 *
 * <pre>CheckFinding.of(FsckError.INODE_WRONG_NLINK, "link count").at(INODES, key)
 *     .expected("2").found("3")</pre>
 *
 * @param error the format's id; null where the format has none for what was found
 * @param name the id's name, or a name of the same form
 * @param pass which pass found it; null while opening, and until it is reported
 * @param btree number of the btree of the key that is concerned; -1 if none is
 * @param level of that key; above 0 it points to a node
 * @param pos of that key; null if no single key is concerned
 * @param device name of the device that is concerned; null if none is
 * @param offset byte offset on that device; -1 if unknown
 * @param what one clear sentence, or a part of one, without the place
 * @param expected what should be there; null if {@code what} says it all
 * @param found what is there
 * @param note whether it is a remark: something that is written anew in the course of things, and
 *     from which nothing can be lost
 */
public record CheckFinding(
    FsckError error,
    String name,
    RecoveryPass pass,
    int btree,
    int level,
    Bpos pos,
    String device,
    long offset,
    String what,
    String expected,
    String found,
    boolean note) {
  private static final String BTREE = "btree ";

  /** A finding without a place yet. */
  public static CheckFinding of(FsckError error, String what) {
    return new CheckFinding(
        error, error.toString(), null, -1, 0, null, null, -1, what, null, null, false);
  }

  /** The same as what reading reported; the id is looked up by its name. */
  public static CheckFinding of(Finding finding) {
    Optional<CheckFinding> key = ofKey(finding);
    if (key.isPresent()) {
      return key.get();
    }
    String where = finding.place().in(null).on(null, -1).toString();
    String structure = finding.place().structure();
    String prefix = structure == null ? where : (structure + " " + where).trim();
    return new CheckFinding(
        FsckError.named(finding.name()).orElse(null),
        finding.name(),
        null,
        -1,
        0,
        null,
        finding.place().device(),
        finding.place().offset(),
        prefix.isEmpty() ? finding.what() : prefix + ": " + finding.what(),
        null,
        null,
        isNote(finding));
  }

  /** A copy of a superblock, where another one is good, is written anew by whoever mounts. */
  private static boolean isNote(Finding finding) {
    String structure = finding.place().structure();
    return finding.severity() == Finding.Severity.MENDED
        && structure != null
        && structure.startsWith("superblock");
  }

  /** Of a finding about a leaf key, which names its btree and position as places do. */
  private static Optional<CheckFinding> ofKey(Finding finding) {
    Place place = finding.place();
    if (place.structure() == null
        || place.position() == null
        || !place.structure().startsWith(BTREE)) {
      return Optional.empty();
    }
    int number = BtreeId.numberOf(place.structure().substring(BTREE.length()));
    if (number < 0) {
      return Optional.empty();
    }
    return Optional.of(
        new CheckFinding(
            FsckError.named(finding.name()).orElse(null),
            finding.name(),
            null,
            number,
            0,
            Bpos.parse(place.position()),
            place.device(),
            place.offset(),
            finding.what(),
            null,
            null,
            isNote(finding)));
  }

  /** It concerns that leaf key. */
  public CheckFinding at(BtreeId in, Bpos position) {
    return at(in.number(), 0, position);
  }

  /** It concerns that leaf key. */
  public CheckFinding at(BtreeId in, Bkey key) {
    return at(in.number(), 0, key.pos());
  }

  /** It concerns that key; above level 0 it points to a node. */
  public CheckFinding at(int btreeNumber, int keyLevel, Bpos position) {
    return new CheckFinding(
        error,
        name,
        pass,
        btreeNumber,
        keyLevel,
        position,
        device,
        offset,
        what,
        expected,
        found,
        note);
  }

  /** It concerns a place on a device. */
  public CheckFinding on(String deviceName, long byteOffset) {
    return new CheckFinding(
        error, name, pass, btree, level, pos, deviceName, byteOffset, what, expected, found, note);
  }

  public CheckFinding expected(Object value) {
    return new CheckFinding(
        error,
        name,
        pass,
        btree,
        level,
        pos,
        device,
        offset,
        what,
        String.valueOf(value),
        found,
        note);
  }

  public CheckFinding found(Object value) {
    return new CheckFinding(
        error,
        name,
        pass,
        btree,
        level,
        pos,
        device,
        offset,
        what,
        expected,
        String.valueOf(value),
        note);
  }

  /** The pass that reports it. */
  CheckFinding by(RecoveryPass reporter) {
    return new CheckFinding(
        error, name, reporter, btree, level, pos, device, offset, what, expected, found, note);
  }

  /** Place, what is wrong, what was expected and what was found, on one line, without the name. */
  public String sentence() {
    StringBuilder text = new StringBuilder();
    if (btree >= 0) {
      text.append("btree ").append(BtreeId.nameOf(btree));
      text.append(level > 0 ? " level " + level : "");
      text.append(pos == null ? "" : " at " + pos).append(": ");
    }
    text.append(what);
    if (expected != null) {
      text.append(", expected ").append(expected);
    }
    if (found != null) {
      text.append(", found ").append(found);
    }
    if (device != null) {
      text.append(" (").append(device);
      text.append(offset < 0 ? "" : " byte " + offset).append(')');
    }
    return text.toString();
  }
}
