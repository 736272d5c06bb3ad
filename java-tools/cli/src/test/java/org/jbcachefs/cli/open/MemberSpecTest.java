// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jbcachefs.cli.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MemberSpecTest {
  @TempDir private Path directory;

  @Test
  void anExistingFileIsTakenWholeWhateverItsName() throws IOException {
    Path odd = Files.createFile(directory.resolve("a:b"));
    assertEquals(List.of(odd), MemberSpec.of(odd.toString(), List.of()).paths());
  }

  @Test
  void otherwiseColonsSeparateMembers() {
    assertEquals(
        List.of(Path.of("/x/a"), Path.of("/x/b"), Path.of("c")),
        MemberSpec.of("/x/a:/x/b", List.of("c")).paths());
  }

  @Test
  void aUuidIsToBeScannedFor() {
    UUID uuid = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");
    assertEquals(
        uuid, MemberSpec.of("UUID=01234567-89AB-CDEF-0123-456789abcdef", List.of()).uuid());
    assertThrows(UsageException.class, () -> MemberSpec.of("UUID=1-2-3-4-5", List.of()));
  }

  @Test
  void severalArgumentsAreOneDeviceEach() {
    assertEquals(
        List.of(Path.of("a"), Path.of("b:c"), Path.of("d")),
        MemberSpec.of(List.of("a", "b:c"), List.of("d")).paths());
    assertThrows(UsageException.class, () -> MemberSpec.of(List.of(), List.of()));
  }
}
