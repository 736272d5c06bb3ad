// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.fuse.session.AccessTimes;
import org.junit.jupiter.api.Test;

/** Words of {@code -o}, and what /proc/self/mountinfo says of mounts. */
class MountOptionsTest {
  private static MountFlags parse(String words) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String word : words.split(",", -1)) {
      int equals = word.indexOf('=');
      options.put(
          equals < 0 ? word : word.substring(0, equals),
          equals < 0 ? "" : word.substring(equals + 1));
    }
    return MountFlags.parse(options);
  }

  @Test
  void aMountIsReadWriteUnlessOneSaysOtherwise() {
    assertEquals(0, parse("rw").kernel());
    assertEquals(0, parse("ro,rw").kernel());
    assertTrue(parse("nosuid").writable());
    assertFalse(parse("ro").writable());
    assertFalse(parse("rw").readOnly().writable());
    assertTrue(parse("rw").readWriteAsked());
    assertFalse(parse("ro").readWriteAsked());
  }

  @Test
  void laterWordsCount() {
    assertEquals(2 | 4, parse("nosuid,nodev,exec").kernel());
    assertEquals(4, parse("nosuid,nodev,suid").kernel());
    assertEquals(List.of("nodev"), parse("nosuid,nodev,suid").words());
  }

  @Test
  void ofTheWordsForAccessTimesTheLastCounts() {
    assertEquals(1024, parse("relatime,strictatime,noatime").kernel());
    assertEquals(1L << 21, parse("noatime,relatime").kernel());
    assertEquals(0, parse("noatime,atime").kernel());
  }

  @Test
  void aRemountChangesWhatItNames() {
    MountEntry entry =
        MountEntry.parse(
                "42 27 0:39 / /mnt rw,nosuid,relatime shared:1 - fuse.jbcachefs img"
                    + " rw,user_id=0,lazytime")
            .getFirst();
    assertFalse(entry.isReadOnly());
    assertEquals(
        new AccessTimes(AccessTimes.When.RELATIVE, AccessTimes.When.RELATIVE, true),
        entry.accessTimes());
    MountFlags before = entry.flags();
    assertEquals(2 | 1L << 21 | 1L << 25, before.kernel());
    assertEquals(before.kernel() | 1, before.changedBy(Map.of("ro", "")).kernel());
    assertEquals(
        2 | 1024 | 1L << 25, before.changedBy(Map.of("noatime", "", "remount", "")).kernel());
    MountEntry strict =
        MountEntry.parse("42 27 0:39 / /mnt ro,nodiratime - fuse.jbcachefs img ro").getFirst();
    assertTrue(strict.isReadOnly());
    assertEquals(1 | 2048 | 1L << 24, strict.flags().kernel());
    assertEquals(
        new AccessTimes(AccessTimes.When.ALWAYS, AccessTimes.When.NEVER, false),
        strict.accessTimes());
  }

  @Test
  void wordsForFstabAndInitSystemsMeanNothingHere() {
    MountFlags flags =
        parse("x-systemd.automount,X-mount.mkdir,_netdev,nofail,noauto,user,comment=x,defaults");
    assertEquals(Map.of(), flags.filesystem());
    assertEquals(0, flags.kernel());
    assertNull(flags.allowOther());
  }

  @Test
  void theFilesystemsOptionsArePassedOn() {
    MountFlags flags = parse("ro,degraded=very,norecovery,transport=dev,allow_other");
    assertEquals(Map.of("degraded", "very", "norecovery", ""), flags.filesystem());
    assertEquals(Map.of("transport", "dev"), flags.own());
    assertEquals(true, flags.allowOther());
  }

  @Test
  void theMountsOwnOptionsAreChecked() {
    Path directory = Path.of("/mnt");
    MountPlan plan = MountPlan.of("a:b", directory, parse("transport=uring,threads=3"));
    assertTrue(plan.ring() && plan.ringNeeded());
    assertEquals(3, plan.threads());
    assertFalse(MountPlan.of("a", directory, parse("transport=dev")).ring());
    for (String wrong : new String[] {"transport=x", "threads=x", "threads=-1", "threads=1000"}) {
      assertThrows(
          IllegalArgumentException.class, () -> MountPlan.of("a", directory, parse(wrong)));
    }
  }

  @Test
  void mountinfoIsTakenApart() {
    List<MountEntry> entries =
        MountEntry.parse(
            """
            22 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
            95 22 0:41 / /mnt/with\\040space ro,nosuid - fuse.jbcachefs a:b ro,user_id=1000,group_id=5
            garbage
            """);
    assertEquals(2, entries.size());
    assertEquals("254:0", entries.getFirst().device());
    assertFalse(entries.getFirst().isOurs());
    MountEntry ours = entries.getLast();
    assertTrue(ours.isOurs());
    assertEquals("/mnt/with space", ours.target());
    assertEquals("a:b", ours.source());
    assertEquals(1000, ours.user());
    assertEquals(0, entries.getFirst().user());
  }
}
