// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds declared constants against the layout file. */
class LayoutTest {
  private static final Path LAYOUT =
      Path.of(System.getProperty("jbcachefs.root"), "tests/golden/layout-1.38.txt");

  /** One class for each part of the format; add yours here. */
  private static final List<LayoutClaims> PARTS =
      List.of(
          new SuperblockClaims(),
          new SectionClaims(),
          new TableClaims(),
          new ExtentClaims(),
          new ValueClaims(),
          new KeyClaims(),
          new NodeClaims(),
          new EnumerationClaims(),
          new JournalClaims(),
          new SetAside());

  private static Claims claims() throws IOException {
    Claims claims = new Claims(Files.readAllLines(LAYOUT));
    PARTS.forEach(part -> part.claim(claims));
    return claims;
  }

  @Test
  void everyDeclaredConstantIsWhatTheFormatSays() throws IOException {
    assertEquals(List.of(), claims().wrong());
  }

  @Test
  void noFactIsLeftThatNobodyClaimsOrSetsAside() throws IOException {
    assertEquals(List.of(), claims().open());
  }

  @Test
  void mostFactsAreHeldAndFewSetAside() throws IOException {
    Claims claims = claims();
    assertTrue(claims.setAside().size() * 6 < claims.count(), claims.setAside().size() + " facts");
  }
}
