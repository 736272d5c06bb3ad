// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.opening.DeviceOpener;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.block.shim.ShimDaemon;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.block.testing.NativeCode;
import org.jbcachefs.cli.CommandRunner;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The commands about the kernel module where it is loaded: in the guest of tests/vm/shim-java. */
class ShimCommandsTest {
  private static final String DEVICES = "jbcachefs.shim.devices";
  private static final String SELF = Long.toString(ProcessHandle.current().pid());

  private final Outside outside = new Outside();

  @BeforeAll
  static void requireTheModule() {
    NativeCode.require();
    Assumptions.assumeTrue(ShimNode.isPresent(), "the module jbcachefs_shim is not loaded");
    Assumptions.assumeTrue(System.getProperty(DEVICES) != null, DEVICES + " is not given");
  }

  private static String device(int index) {
    return List.of(System.getProperty(DEVICES).split(",", -1)).get(index);
  }

  private int run(String... words) {
    return CommandRunner.run(outside, List.of(words));
  }

  private JsonNode data() throws IOException {
    return new ObjectMapper().readTree(outside.out()).get("data");
  }

  @Test
  void statusShowsTheModuleItsFilesystemsAndClaims() throws Exception {
    UUID uuid = UUID.fromString("2f1d34c5-1111-4000-8000-00000000abcd");
    DeviceOpener opener = new DeviceOpener(IoMode.SHIM, _ -> {});
    try (ShimDaemon _ = ShimDaemon.register(uuid, "backup", "/dev/vda");
        BlockDevice _ = opener.openReadWrite(Path.of(device(0)))) {
      assertEquals(0, run("shim", "status", "--json"), outside.err());
    }
    JsonNode status = data();
    assertTrue(status.get("loaded").asBoolean());
    assertFalse(status.get("version").asText().isEmpty());
    assertTrue(status.get("feature_bits").asLong() > 0);
    JsonNode filesystem = status.get("filesystems").get(0);
    assertEquals(uuid.toString(), filesystem.get("uuid").asText());
    assertEquals("backup", filesystem.get("label").asText());
    assertEquals(SELF, filesystem.get("pid").asText());
    JsonNode claim = status.get("claims").get(0);
    assertTrue(claim.get("writable").asBoolean());
    assertEquals(SELF, claim.get("pid").asText());
    assertEquals(1, status.get("claims").size());
  }

  @Test
  void statusInWordsNamesWhatIsServed() throws Exception {
    UUID uuid = UUID.fromString("2f1d34c5-2222-4000-8000-00000000abcd");
    DeviceOpener opener = new DeviceOpener(IoMode.SHIM, _ -> {});
    try (ShimDaemon _ = ShimDaemon.register(uuid, "backup", "/dev/vda:/dev/vdb");
        BlockDevice _ = opener.openReadOnly(Path.of(device(0)))) {
      assertEquals(0, run("shim", "status"), outside.err());
    }
    String text = outside.out();
    assertTrue(text.startsWith("Module:       jbcachefs_shim "), text);
    assertTrue(text.contains("\n  " + uuid + " (backup)\n"), text);
    assertTrue(text.contains("Members:  /dev/vda:/dev/vdb\n"), text);
    assertTrue(text.contains(": for reading, by " + SELF + " ("), text);
  }

  @Test
  void aClaimedDeviceIsNotToBeHadAndItsHolderIsNamed() throws IOException {
    DeviceOpener opener = new DeviceOpener(IoMode.SHIM, _ -> {});
    try (BlockDevice _ = opener.openReadWrite(Path.of(device(0)))) {
      assertEquals(1, run("device", "claim-test", "--json", device(0), device(1)));
    }
    JsonNode held = data().get(0);
    assertFalse(held.get("claimable").asBoolean());
    assertEquals("shim", held.get("way").asText());
    assertEquals("process", held.get("holders").get(0).get("kind").asText());
    assertTrue(held.get("holders").get(0).get("name").asText().startsWith(SELF + " ("));
    assertTrue(data().get(1).get("claimable").asBoolean());
    assertTrue(outside.err().contains("it is claimed by process " + SELF), outside.err());
  }

  @Test
  void aClaimKeepsExclusiveOpensOut() {
    DeviceOpener opener = new DeviceOpener(IoMode.SHIM, _ -> {});
    try (BlockDevice _ = opener.openReadOnly(Path.of(device(0)))) {
      assertEquals(1, run("device", "claim-test", "--io=plain", device(0)));
      assertTrue(outside.err().contains("device or resource busy"), outside.err());
    }
    assertEquals(0, run("device", "claim-test", "--io=plain", device(0)), outside.err());
  }

  @Test
  void theModuleAndSysTellTheSameGeometry() throws IOException {
    assertEquals(0, run("device", "geometry", "--json", "--io=shim", device(0)), outside.err());
    ObjectNode byShim = (ObjectNode) data().get(0);
    Outside again = new Outside();
    int status = CommandRunner.run(again, List.of("device", "geometry", "--json", device(0)));
    assertEquals(0, status, again.err());
    ObjectNode bySys = (ObjectNode) new ObjectMapper().readTree(again.out()).get("data").get(0);
    assertEquals("shim", byShim.remove("source").asText());
    assertEquals("sysfs", bySys.remove("source").asText());
    bySys.properties().stream()
        .filter(field -> !field.getValue().isNull())
        .forEach(
            field -> assertEquals(field.getValue(), byShim.get(field.getKey()), field.getKey()));
  }
}
