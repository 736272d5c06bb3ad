// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.platform.LibC;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.FilesystemOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormatCommandTest {
  private static final long SIZE = 48L << 20;
  private static final int START = 64 << 10;

  @TempDir Path folder;
  private Outside outside;

  private String image(String name) {
    Path path = folder.resolve(name);
    if (!Files.exists(path)) {
      FileBlockDevice.create(path, SIZE).close();
    }
    return path.toString();
  }

  private int run(Map<String, String> environment, String... words) {
    outside = new Outside(environment, "");
    return CommandLineUse.run(outside, words);
  }

  private int run(String... words) {
    return run(Map.of(), words);
  }

  /** Words with A, B and C standing for images. */
  private int format(String words) {
    List<String> list = new ArrayList<>(List.of("format", "-q"));
    for (String word : words.split(" ", -1)) {
      list.add(word.matches("[A-Z]") ? image(word) : word);
    }
    return run(list.toArray(String[]::new));
  }

  private static Superblock superblock(String image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(Path.of(image))) {
      return SuperblockSearch.find(device).require();
    }
  }

  private void assertSound(String... devices) {
    List<String> words = new ArrayList<>(List.of("fsck", "-n"));
    words.addAll(List.of(devices));
    assertEquals(0, run(words.toArray(String[]::new)), () -> outside.out() + outside.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "A",
        "A B C",
        "--version=1.28 A",
        "--replicas=2 --metadata_checksum=crc64 --data-checksum=xxhash A B",
        "--metadata_checksum=none --data_checksum=none --str_hash=crc64 A",
        "--block_size=4k --btree_node_size=16k --bucket_size=64k A",
        "--casefold --inodes_32bit --usrquota --grpquota --prjquota --noacl A",
        "--erasure_code --nocow --compression=zstd:7 --background_compression=gzip A",
        "--encrypted --no_passphrase --wide_macs A",
        "--data_allowed=user A --data_allowed=journal,btree B",
        "--durability=2 --replicas=2 A B",
        "--label=ssd.a A --label=hdd B --metadata_target=ssd --background_target=hdd",
        "--superblock_size=128k --gc_reserve_percent=12 --errors=ro A",
        "--state=ro A --state=rw B"
      })
  void whatIsMadeIsSound(String words) {
    assertEquals(ExitCode.DONE, format(words), () -> outside.err());
    List<String> devices = new ArrayList<>();
    for (String name : List.of("A", "B", "C")) {
      if (List.of(words.split(" ")).contains(name)) {
        devices.add(image(name));
      }
    }
    assertSound(devices.toArray(String[]::new));
    for (String device : devices) {
      assertTrue(superblock(device).clean());
      assertTrue(superblock(device).isSet(SuperblockFlag.INITIALIZED));
    }
  }

  @Test
  void optionsOfDevicesHoldForThoseThatFollow() {
    int code =
        format(
            "--label=fast --durability=0 A --durability=1 --label=slow --nodiscard B --fs_size=40M C");
    assertEquals(ExitCode.DONE, code, () -> outside.err());
    List<Member> members = superblock(image("A")).members();
    Superblock superblock = superblock(image("A"));
    assertEquals(
        List.of("fast", "slow", "slow"),
        members.stream().map(m -> superblock.diskGroups().path(m.label()).orElseThrow()).toList());
    assertEquals(List.of(0, 1, 1), members.stream().map(Member::durability).toList());
    assertEquals(
        List.of(1L, 0L, 0L),
        members.stream().map(member -> Member.DISCARD.get(member.flags())).toList());
    assertEquals(40L << 20, members.get(2).nbuckets() * (members.get(2).bucketSectors() << 9));
    assertEquals(SIZE, members.get(1).nbuckets() * (members.get(1).bucketSectors() << 9));
  }

  @Test
  void targetsNameDevicesAndLabels() throws IOException {
    int code =
        format(
            "--label=ssd.fast A --label=hdd B --foreground_target=ssd --background_target=hdd"
                + " --promote_target="
                + image("B"));
    assertEquals(ExitCode.DONE, code, () -> outside.err());
    run("show-super", "--json", image("A"));
    JsonNode options = new ObjectMapper().readTree(outside.out()).get("data").get("options");
    Superblock superblock = superblock(image("A"));
    assertEquals(257, superblock.option(FilesystemOption.FOREGROUND_TARGET).orElseThrow());
    assertEquals(259, superblock.option(FilesystemOption.BACKGROUND_TARGET).orElseThrow());
    assertEquals(2, superblock.option(FilesystemOption.PROMOTE_TARGET).orElseThrow());
    assertFalse(options.isEmpty());
  }

  @Test
  void aFilesystemForOldKernelsCountsBackpointersAsTheyDo() {
    assertEquals(ExitCode.DONE, format("--version=1.28 A"), () -> outside.err());
    Superblock superblock = superblock(image("A"));
    assertEquals(10, superblock.extentBpShift());
    assertEquals(0, superblock.versionIncompat());
    assertEquals(1 << 10 | 28, superblock.versionIncompatAllowed());
  }

  @Test
  void aPassphraseLocksAndUnlocks() throws IOException {
    Path file = Files.writeString(folder.resolve("passphrase"), "correct horse\n");
    String words = "--encrypted --passphrase-file=" + file + " A";
    assertEquals(ExitCode.DONE, format(words), () -> outside.err());
    String[] fsck = {"fsck", "-n", image("A")};
    assertEquals(0, run(Map.of("JBCACHEFS_PASSPHRASE", "correct horse"), fsck));
    assertEquals(8, run(Map.of("JBCACHEFS_PASSPHRASE", "wrong horse"), fsck));
    assertTrue(outside.err().contains("passphrase"), outside.err());
  }

  @ParameterizedTest
  @CsvSource({
    "xfs, 0, XFSB",
    "btrfs, 65600, _BHRfS_M",
    "swap, 4086, SWAPSPACE2",
    "LVM, 536, LVM2 001"
  })
  void whatHoldsSomethingIsNotOverwrittenWithoutForce(String what, long offset, String mark)
      throws IOException {
    try (BlockDevice device = FileBlockDevice.openReadWrite(Path.of(image("A")))) {
      device.write(offset, MemorySegment.ofArray(mark.getBytes(StandardCharsets.US_ASCII)));
      assertTrue(KnownContents.byMarks(device).orElseThrow().contains(what));
    }
    byte[] before = Files.readAllBytes(Path.of(image("A")));
    assertEquals(ExitCode.FAILED, format("B A"));
    assertTrue(outside.err().contains("-f overwrites it"), outside.err());
    assertArrayEquals(before, Files.readAllBytes(Path.of(image("A"))));
    assertUntouched(Path.of(image("B")));
    assertEquals(ExitCode.DONE, format("-f B A"), () -> outside.err());
    try (BlockDevice device = FileBlockDevice.openReadOnly(Path.of(image("A")))) {
      assertTrue(KnownContents.byMarks(device).orElseThrow().contains("bcachefs"));
    }
    assertSound(image("A"), image("B"));
  }

  private static void assertUntouched(Path image) throws IOException {
    byte[] first = Arrays.copyOf(Files.readAllBytes(image), START);
    assertArrayEquals(new byte[START], first);
  }

  @Test
  void aSourceIsCopiedWithAllThatItsFilesHave() throws IOException {
    assumeTrue(LibC.isAvailable(), "needs Linux");
    Path source = Files.createDirectories(folder.resolve("source/inner/deep")).resolve("../..");
    Path file = Files.writeString(source.resolve("file"), "contents");
    Files.createLink(source.resolve("inner/link"), file);
    Files.createSymbolicLink(source.resolve("symlink"), Path.of("../nowhere"));
    try (FileChannel sparse = FileChannel.open(source.resolve("sparse"), CREATE, WRITE)) {
      sparse.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 1 << 20);
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx--x--x"));
    FileTime time = FileTime.from(Instant.ofEpochSecond(981_173_106, 123_456_789));
    Files.setLastModifiedTime(file, time);
    Files.setLastModifiedTime(source.resolve("inner/deep"), time);
    assertEquals(ExitCode.DONE, format("--source=" + source + " A"), () -> outside.err());
    assertSound(image("A"));
    Path copy = folder.resolve("copy");
    assertEquals(ExitCode.DONE, run("extract", image("A"), "/", copy.toString()));
    assertEquals("contents", Files.readString(copy.resolve("inner/link")));
    assertTrue(Files.isSameFile(copy.resolve("file"), copy.resolve("inner/link")));
    assertEquals(Path.of("../nowhere"), Files.readSymbolicLink(copy.resolve("symlink")));
    assertEquals(-1, Files.mismatch(source.resolve("sparse"), copy.resolve("sparse")));
    assertEquals(
        Files.getPosixFilePermissions(file), Files.getPosixFilePermissions(copy.resolve("file")));
    assertEquals(time, Files.getLastModifiedTime(copy.resolve("file")));
    assertEquals(time, Files.getLastModifiedTime(copy.resolve("inner/deep")));
  }

  @Test
  void whatDoesNotFitIsToldAndTheFilesystemIsSound() throws IOException {
    assumeTrue(LibC.isAvailable(), "needs Linux");
    Path source = Files.createDirectories(folder.resolve("large"));
    byte[] noise = new byte[(int) SIZE];
    new Random(1).nextBytes(noise);
    Files.write(source.resolve("noise"), noise);
    assertEquals(ExitCode.FAILED, format("--source=" + source + " A"));
    assertTrue(outside.err().contains("noise"), outside.err());
    assertSound(image("A"));
  }

  @Test
  void aDryRunSaysWhatWouldBeMadeAndWritesNothing() throws IOException {
    String a = image("A");
    assertEquals(ExitCode.DONE, run("format", "-n", "--json", "--fs-label=box", a));
    JsonNode data = new ObjectMapper().readTree(outside.out()).get("data");
    assertTrue(data.get("dry_run").asBoolean());
    assertEquals("box", data.get("superblock").get("label").asText());
    for (byte each : Files.readAllBytes(Path.of(a))) {
      assertEquals(0, each);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "2; --compression=zstd:16 A; level from 1 to 15",
        "2; --block_size=1000 A; a power of two",
        "2; --errors=maybe A; continue, fix_safe, panic, ro",
        "2; --replicas=5 A; 1 to 4",
        "2; A --label=late; stand before",
        "2; A A; are the same device",
        "2; --label=x; no device given",
        "2; --uuid=zzz A; is no UUID",
        "2; --version=1.99 A; there is no version",
        "2; --no_passphrase A; need --encrypted",
        "2; --source=/does/not/exist A; is no directory",
        "1; --version=1.20 A; are",
        "1; --replicas=2 A; copies of btree are wanted",
        "1; --bucket_size=1000 A; multiples of the block size",
        "1; --bucket_size=1M A; are needed",
        "1; --btree_node_size=64k --bucket_size=32k A; cannot hold btree nodes",
        "1; --encoded_extent_max=1M --version=1.28 A; up to 256 KiB",
        "1; --fs_size=1G A; asked for",
        "1; --data_allowed=user A; copies of journal",
        "1; --foreground_target=ssd A; neither one of the devices nor a label",
        "1; --fs_label=0123456789012345678901234567890123 A; too long",
        "1; --superblock_size=1k A; superblocks of 1024 bytes",
        "1; /does/not/exist; no such file"
      })
  void whatCannotBeIsRefusedByName(int code, String words, String why) throws IOException {
    assertEquals(code, format(words), () -> outside.err());
    assertTrue(outside.err().contains(why), outside.err());
    if (Files.exists(folder.resolve("A"))) {
      assertUntouched(folder.resolve("A"));
    }
  }
}
