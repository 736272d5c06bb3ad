// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The facade over every golden filesystem. */
class OpenGoldenFilesystemsTest {
  private final List<Finding> findings = new CopyOnWriteArrayList<>();

  static Stream<String> names() {
    return GoldenImages.names().stream();
  }

  private ReadFilesystem open(String name, OpenOptions options) {
    String passphrase = GoldenImages.passphrase(name);
    return ReadFilesystem.open(
        GoldenImages.open(name),
        options
            .withPassphrase(() -> passphrase == null ? null : passphrase.getBytes(UTF_8))
            .withFindings(findings::add));
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyGoldenFilesystemOpensAndShowsItsSubvolumes(String name) {
    try (ReadFilesystem filesystem = open(name, OpenOptions.defaults())) {
      assertFalse(filesystem.btrees().present().isEmpty());
      assertTrue(filesystem.subvolumes().all().containsKey(1), "the root subvolume");
      assertFalse(filesystem.snapshots().ids().isEmpty());
    }
    List<Finding> unexpected =
        findings.stream().filter(finding -> !finding.name().startsWith("invalid_sb")).toList();
    assertEquals(List.of(), unexpected);
  }

  @Test
  void theSecondCopyIsUsedAndNamedWhereThePrimaryIsGone() {
    try (ReadFilesystem filesystem = open("sb-primary-zeroed", OpenOptions.defaults())) {
      assertTrue(filesystem.superblock().place().offset() > Superblock.SECTOR << 9);
    }
  }

  @Test
  void aMissingMemberIsRefusedOrNotAsThePolicySays() {
    OpenOptions options = OpenOptions.defaults();
    for (Degraded strict : List.of(Degraded.ASK, Degraded.NO)) {
      RefusedException refused =
          assertThrows(
              RefusedException.class, () -> open("degraded", options.withDegraded(strict)));
      assertEquals("insufficient_devices", refused.reason());
      assertTrue(refused.getMessage().contains("device 2"), refused.getMessage());
    }
    for (Degraded lenient : List.of(Degraded.YES, Degraded.VERY)) {
      try (ReadFilesystem filesystem = open("degraded", options.withDegraded(lenient))) {
        assertEquals(3, filesystem.devices().size());
      }
    }
  }

  @Test
  void anEncryptedFilesystemNeedsItsPassphrase() {
    OpenOptions none = OpenOptions.defaults();
    assertThrows(
        PassphraseException.class,
        () -> ReadFilesystem.open(GoldenImages.open("encryption"), none));
    OpenOptions wrong = none.withPassphrase(() -> "not it".getBytes(UTF_8));
    assertThrows(
        PassphraseException.class,
        () -> ReadFilesystem.open(GoldenImages.open("encryption"), wrong));
  }
}
