// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same words, given to the reference's format and to ours, make superblocks that agree field by
 * field, but for what the reference's filesystem became when it was used.
 */
class FormatGoldenTest {
  private static final Pattern DEVICES = Pattern.compile("devices: \\[([0-9, ]+)\\] MB");
  private static final Pattern WORDS =
      Pattern.compile("format: bcachefs format (.*?) +\\(bcachefs");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "casefold-default",
        "compression-all",
        "default-1dev",
        "dirty-btree-small-nodes",
        "ec-6dev",
        "encryption",
        "inodes-32bit",
        "many-devices",
        "metadata-csum-none",
        "replicas2-3dev",
        "tiered",
        "v128-default"
      })
  void ourSuperblocksAreThoseOfTheReference(String name) throws IOException {
    List<Path> ours = format(name);
    Map<Integer, Path> golden = GoldenImages.members(name);
    for (Map.Entry<Integer, Path> member : golden.entrySet()) {
      assertEquals(
          facts(superblock(member.getValue()), name),
          facts(superblock(ours.get(member.getKey())), name),
          "device " + member.getKey());
    }
  }

  private List<Path> format(String name) throws IOException {
    String readme = GoldenImages.text(name, "README");
    assertNotNull(readme);
    Matcher sizes = DEVICES.matcher(readme);
    Matcher format = WORDS.matcher(readme);
    assertEquals(true, sizes.find() && format.find(), "the README of " + name);
    List<Path> devices = new ArrayList<>();
    for (String megabytes : sizes.group(1).split(", ", -1)) {
      Path device = folder.resolve("img" + devices.size());
      FileBlockDevice.create(device, Long.parseLong(megabytes) << 20).close();
      devices.add(device);
    }
    List<String> words = new ArrayList<>(List.of("format", "-q"));
    for (String word : format.group(1).split(" ", -1)) {
      words.add(word.startsWith("{") ? device(word, devices) : word.replace("{pw}", passphrase()));
    }
    Outside outside = new Outside();
    int code = CommandLineUse.run(outside, words.toArray(String[]::new));
    assertEquals(ExitCode.DONE, code, outside.err());
    return devices;
  }

  private static String device(String word, List<Path> devices) {
    return devices.get(Integer.parseInt(word.substring(1, word.length() - 1))).toString();
  }

  private String passphrase() throws IOException {
    return Files.writeString(folder.resolve("passphrase"), "secret\n").toString();
  }

  private static Superblock superblock(Path image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(image)) {
      return SuperblockSearch.find(device).require();
    }
  }

  /** What two superblocks must agree in. */
  private static Map<String, Object> facts(Superblock superblock, String name) {
    Map<String, Object> facts = new TreeMap<>();
    for (FilesystemOption option : FilesystemOption.values()) {
      boolean byMachine = option == FilesystemOption.SHARD_INODE_NUMBERS_BITS;
      if (SuperblockEditor.keeps(option) && !byMachine) {
        facts.put("option " + option, superblock.option(option));
      }
    }
    facts.put("version", superblock.version());
    facts.put("oldest", superblock.versionMin());
    facts.put("allowed", superblock.versionIncompatAllowed());
    facts.put("encrypted", superblock.encrypted());
    facts.put("layout", superblock.layout());
    facts.put("time precision", superblock.timePrecision());
    facts.put("device", superblock.deviceIndex());
    facts.put("compat", superblock.compat()[0]);
    facts.put("journal buckets", superblock.journalBuckets().size());
    facts.put("labels", superblock.diskGroups().labels());
    for (ExtentEntryType type : ExtentEntryType.values()) {
      facts.put("extent type " + type, superblock.extentTypeU64s(type.number()));
    }
    // Features that the use of a file brings come when it is used.
    facts.put("features", superblock.features()[0] & ~usedLater());
    if (!name.startsWith("v128")) {
      // The reference does not know that kernels of 1.28 count backpointers in their own way.
      facts.put("backpointer shift", superblock.extentBpShift());
      facts.put("in use", superblock.versionIncompat());
    }
    for (Member member : superblock.members()) {
      facts.put("member " + member.index(), facts(member));
    }
    return facts;
  }

  private static long usedLater() {
    long features = 0;
    for (Feature feature :
        List.of(
            Feature.REFLINK,
            Feature.INLINE_DATA,
            Feature.INCOMPRESSIBLE,
            Feature.REFLINK_INLINE_DATA,
            Feature.LZ4,
            Feature.GZIP,
            Feature.ZSTD,
            Feature.JOURNAL_SEQ_BLACKLIST_V3)) {
      features |= 1L << feature.number();
    }
    return features;
  }

  private static List<Object> facts(Member member) {
    return List.of(
        member.nbuckets(),
        member.firstBucket(),
        member.bucketSectors(),
        member.state(),
        member.label(),
        member.durability(),
        member.dataAllowed(),
        Member.DISCARD.get(member.flags()),
        Member.ROTATIONAL_SET.get(member.flags()),
        Member.FREESPACE_INITIALIZED.get(member.flags()));
  }
}
