// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.Entry;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.fs.write.XattrMode;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class NamespaceTest {
  private static final NewInode FILE = NewInode.of(0x8000 | 0644, 1000, 1001);
  private static final NewInode DIRECTORY = NewInode.of(0x4000 | 0755, 1000, 1001);

  @TempDir Path spill;

  private List<MemoryDevice> devices;
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private InodeId root;

  @BeforeEach
  void create() {
    devices = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    filesystem = SmallFilesystem.create(devices, 8 << 10, SmallFilesystem.options(7));
    tree = new WritableTree(filesystem, _ -> {});
    root = tree.root();
  }

  /** Whatever a test did, the result is a sound filesystem, before a clean end and after it. */
  @AfterEach
  void closeAndCheck() {
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill), "after it was closed");
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private InodeId make(InodeId directory, String name) {
    return tree.create(directory, name(name), FILE).id();
  }

  private InodeId makeDirectory(InodeId directory, String name) {
    return tree.create(directory, name(name), DIRECTORY).id();
  }

  private List<String> names(InodeId directory) {
    List<String> names = new ArrayList<>();
    tree.list(
        directory,
        -1,
        entry -> {
          names.add(new String(entry.name(), UTF_8));
          return true;
        });
    names.sort(null);
    return names;
  }

  private static void assertFails(PosixError error, Executable operation) {
    assertEquals(error, assertThrows(PosixException.class, operation).error());
  }

  private InodeId find(InodeId directory, String name) {
    return tree.lookup(directory, name(name)).orElseThrow().id();
  }

  @Test
  void aNewFileHasWhatItWasMadeWith() {
    Entry made = tree.create(root, name("file"), FILE.withUmask(022));
    assertEquals(made.attributes(), tree.attributes(made.id()));
    assertEquals(0x8000 | 0644, made.attributes().mode());
    assertEquals(1000, made.attributes().uid());
    assertEquals(1, made.attributes().links());
    assertEquals(1_700_000_000L * 1_000_000_000, made.attributes().mtime());
    assertEquals(made.id(), find(root, "file"));
    assertFails(PosixError.EEXIST, () -> make(root, "file"));
  }

  @Test
  void directoriesCountTheirSubdirectories() {
    InodeId outer = makeDirectory(root, "outer");
    assertEquals(2, tree.attributes(outer).links());
    InodeId inner = makeDirectory(outer, "inner");
    assertEquals(3, tree.attributes(outer).links());
    assertEquals(outer, tree.parent(inner));
    assertFails(PosixError.ENOTEMPTY, () -> tree.rmdir(root, name("outer")));
    tree.rmdir(outer, name("inner"));
    assertEquals(2, tree.attributes(outer).links());
    tree.rmdir(root, name("outer"));
    assertFails(PosixError.ENOENT, () -> tree.rmdir(root, name("outer")));
  }

  @Test
  void manyFilesInOneDirectory() {
    InodeId directory = makeDirectory(root, "many");
    for (int i = 0; i < 2000; i++) {
      make(directory, "file-" + i);
    }
    assertEquals(2000, names(directory).size());
    for (int i = 0; i < 2000; i += 2) {
      tree.unlink(directory, name("file-" + i));
    }
    assertEquals(1000, names(directory).size());
  }

  @Test
  void aFileWithTwoNamesLivesUntilBothAreGone() {
    InodeId file = make(root, "one");
    InodeId directory = makeDirectory(root, "directory");
    assertEquals(2, tree.link(file, directory, name("two")).attributes().links());
    tree.unlink(root, name("one"));
    assertEquals(1, tree.attributes(file).links());
    tree.unlink(directory, name("two"));
    assertFails(PosixError.ESTALE, () -> tree.attributes(file));
    assertFails(PosixError.EPERM, () -> tree.link(directory, root, name("three")));
  }

  @Test
  void aFileThatIsHeldLivesWithoutAName() {
    InodeId file = make(root, "file");
    tree.hold(file);
    tree.unlink(root, name("file"));
    assertEquals(0, tree.attributes(file).links());
    tree.link(file, root, name("again"));
    assertEquals(1, tree.attributes(file).links());
    tree.unlink(root, name("again"));
    tree.release(List.of(file));
    assertFails(PosixError.ESTALE, () -> tree.attributes(file));
  }

  @Test
  void manyFilesWithoutANameGoTogether() {
    List<InodeId> files = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      InodeId file = make(root, "file" + i);
      for (int piece = 0; piece < i % 5 * (i == 94 ? 40 : 1); piece++) {
        tree.write(file, piece * 20_000L, MemorySegment.ofArray(new byte[5000]));
      }
      if (i % 3 == 0) {
        tree.setXattr(file, name("user.a"), new byte[i], XattrMode.ANY);
      }
      files.add(file);
    }
    InodeId directory = makeDirectory(root, "directory");
    files.add(directory);
    files.forEach(tree::hold);
    InodeId old = tree.createSnapshot(1, root, name("snapshot"), true).id();
    InodeId named = files.get(50);
    for (int i = 0; i < 100; i++) {
      if (!files.get(i).equals(named)) {
        tree.unlink(root, name("file" + i));
      }
    }
    tree.rmdir(root, name("directory"));
    tree.release(files);
    for (InodeId file : files) {
      if (file.equals(named)) {
        assertEquals(1, tree.attributes(file).links());
      } else {
        assertFails(PosixError.ESTALE, () -> tree.attributes(file));
      }
      assertTrue(tree.attributes(new InodeId(old.subvolume(), file.number())).links() > 0);
    }
    assertFalse(anyOnDeletedList());
  }

  @Test
  void aFileThatCannotBeRemovedKeepsNoOthersFromIt() {
    InodeId subvolume = tree.createSubvolume(root, name("subvolume"), DIRECTORY).id();
    InodeId lost = make(subvolume, "lost");
    InodeId file = make(root, "file");
    tree.hold(lost);
    tree.hold(file);
    tree.unlink(subvolume, name("lost"));
    tree.unlink(root, name("file"));
    tree.deleteSubvolume(root, name("subvolume"));
    assertFails(PosixError.ESTALE, () -> tree.release(List.of(lost, file)));
    assertFails(PosixError.ESTALE, () -> tree.attributes(file));
    tree.cleanUp();
    assertFalse(anyOnDeletedList());
  }

  private boolean anyOnDeletedList() {
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.DELETED_INODES.number(), Bpos.MIN, Bpos.MAX)) {
      return keys.next();
    }
  }

  @Test
  void readsAreNotedAsRelatimeHasIt() {
    InodeId file = make(root, "file");
    long made = tree.attributes(file).atime();
    tree.accessed(file, made + 10, false);
    assertEquals(made + 10, tree.attributes(file).atime(), "not newer than the last change");
    tree.accessed(file, made + 20, false);
    assertEquals(made + 10, tree.attributes(file).atime(), "newer, and not old");
    tree.accessed(file, made + 20, true);
    assertEquals(made + 20, tree.attributes(file).atime(), "strictatime");
    tree.writeAccessTimes(made + 19);
    assertEquals(made + 20, tree.attributes(file).atime());
    long ctime = tree.attributes(file).ctime();
    tree.writeAccessTimes(Long.MAX_VALUE);
    assertEquals(made + 20, tree.namespace().attributes(tree.fileId(file)).atime(), "written");
    assertEquals(ctime, tree.attributes(file).ctime());
    tree.accessed(file, made + 30, true);
    tree.setAttributes(file, AttributeChange.NONE.withAtime(made + 5));
    tree.writeAccessTimes(Long.MAX_VALUE);
    assertEquals(made + 5, tree.attributes(file).atime(), "whoever says the time is right");
    tree.setAttributes(file, AttributeChange.NONE.withFlags(Attributes.NOATIME));
    tree.accessed(file, made + 40, true);
    assertEquals(made + 5, tree.attributes(file).atime(), "chattr +A");
    tree.accessed(root, made + (1L << 50), true);
    tree.unlink(root, name("file"));
    assertFails(PosixError.ESTALE, () -> tree.attributes(file));
  }

  @Test
  void atRestTheDevicesAreAsAfterTheEnd() {
    for (int turn = 0; turn < 3; turn++) {
      InodeId file = make(root, "file" + turn);
      tree.write(file, 0, MemorySegment.ofArray(new byte[50_000]));
      tree.close();
      filesystem.rest();
      assertTrue(
          filesystem.superblock().replicas().entries().stream()
              .noneMatch(entry -> entry.dataType() == DataType.JOURNAL.number()));
      assertEquals(List.of(), Judge.findings(devices, spill), "at rest");
      assertEquals(50_000, tree.attributes(file).size());
    }
    // Whatever happens next, it is as after a crash.
    make(root, "later");
    filesystem.sync();
    assertTrue(
        filesystem.superblock().replicas().entries().stream()
            .anyMatch(entry -> entry.dataType() == DataType.JOURNAL.number()));
  }

  @Test
  void aFileWithoutANameGetsOne() {
    Entry made = tree.createTemporary(root, FILE);
    assertEquals(0, made.attributes().links());
    tree.link(made.id(), root, name("named"));
    tree.release(List.of(made.id()));
    assertEquals(1, tree.attributes(made.id()).links());
  }

  @Test
  void renameReplacesAndMovesDirectories() {
    InodeId a = makeDirectory(root, "a");
    InodeId b = makeDirectory(root, "b");
    InodeId moved = makeDirectory(a, "moved");
    make(a, "file");
    final InodeId other = make(b, "file");
    tree.rename(a, name("moved"), b, name("there"), RenameMode.REPLACE);
    assertEquals(2, tree.attributes(a).links());
    assertEquals(3, tree.attributes(b).links());
    assertEquals(b, tree.parent(moved));
    tree.rename(a, name("file"), b, name("file"), RenameMode.REPLACE);
    assertFails(PosixError.ESTALE, () -> tree.attributes(other));
    assertEquals(List.of("file", "there"), names(b));
    assertFails(
        PosixError.EINVAL,
        () -> tree.rename(root, name("b"), moved, name("b"), RenameMode.REPLACE));
    assertFails(
        PosixError.EEXIST,
        () -> tree.rename(root, name("a"), root, name("b"), RenameMode.NOREPLACE));
    assertFails(
        PosixError.ENOTEMPTY,
        () -> tree.rename(root, name("a"), root, name("b"), RenameMode.REPLACE));
    assertFails(
        PosixError.EISDIR,
        () -> tree.rename(b, name("file"), b, name("there"), RenameMode.REPLACE));
    assertFails(
        PosixError.ENOTDIR,
        () -> tree.rename(root, name("a"), b, name("file"), RenameMode.REPLACE));
    tree.rename(root, name("a"), b, name("there"), RenameMode.REPLACE);
    assertEquals(List.of("b", "lost+found"), names(root));
  }

  @Test
  void renameExchangesAndLeavesWhiteouts() {
    InodeId directory = makeDirectory(root, "directory");
    InodeId file = make(root, "file");
    InodeId inner = makeDirectory(directory, "inner");
    tree.rename(root, name("file"), directory, name("inner"), RenameMode.EXCHANGE);
    assertEquals(inner, find(root, "file"));
    assertEquals(file, find(directory, "inner"));
    assertEquals(root, tree.parent(inner));
    tree.rename(root, name("file"), directory, name("x"), RenameMode.WHITEOUT);
    Attributes left = tree.attributes(find(root, "file"));
    assertEquals(0x2000, left.mode());
    assertEquals(0, left.majorDevice() + left.minorDevice());
    assertFails(
        PosixError.ENOENT,
        () -> tree.rename(root, name("no"), directory, name("x"), RenameMode.REPLACE));
  }

  @Test
  void attributesChangeTogether() {
    InodeId file = make(root, "file");
    AttributeChange change = AttributeChange.NONE.withMode(04711).withUid(-2).withMtime(12_345);
    Attributes after = tree.setAttributes(file, change).attributes();
    assertEquals(0x8000 | 04711, after.mode());
    assertEquals(-2, after.uid());
    assertEquals(12_345, after.mtime());
    tree.setAttributes(file, AttributeChange.NONE.withFlags(0x10));
    assertFails(PosixError.EPERM, () -> tree.setAttributes(file, AttributeChange.NONE.withMode(0)));
    assertFails(PosixError.EPERM, () -> tree.unlink(root, name("file")));
    tree.setAttributes(file, AttributeChange.NONE.withFlags(0));
    tree.unlink(root, name("file"));
  }

  @Test
  void xattrsAreSetReplacedAndRemoved() {
    InodeId file = make(root, "file");
    byte[] user = name("user.x");
    assertFails(PosixError.ENODATA, () -> tree.setXattr(file, user, name("1"), XattrMode.REPLACE));
    tree.setXattr(file, user, name("1"), XattrMode.CREATE);
    assertFails(PosixError.EEXIST, () -> tree.setXattr(file, user, name("2"), XattrMode.CREATE));
    tree.setXattr(file, user, name("a longer value"), XattrMode.ANY);
    tree.setXattr(file, name("trusted.x"), new byte[1000], XattrMode.ANY);
    assertArrayEquals(name("a longer value"), tree.xattr(file, user).orElseThrow());
    tree.removeXattr(file, user);
    assertFalse(tree.xattr(file, user).isPresent());
    assertFails(PosixError.ENODATA, () -> tree.removeXattr(file, user));
    assertFails(PosixError.ERANGE, () -> tree.setXattr(file, user, new byte[5000], XattrMode.ANY));
    assertFails(PosixError.EOPNOTSUPP, () -> tree.setXattr(file, name("x.y"), user, XattrMode.ANY));
  }

  @Test
  void newFilesInheritADefaultAcl() {
    InodeId directory = makeDirectory(root, "directory");
    byte[] acl = acl(1, 7, -1, 2, 6, 1234, 4, 5, -1, 0x10, 7, -1, 0x20, 0, -1);
    tree.setXattr(directory, name("system.posix_acl_default"), acl, XattrMode.ANY);
    Entry file = tree.create(directory, name("file"), FILE.withUmask(077));
    assertEquals(0x8000 | 0640, file.attributes().mode());
    byte[] inherited = acl(1, 6, -1, 2, 6, 1234, 4, 5, -1, 0x10, 4, -1, 0x20, 0, -1);
    byte[] access = name("system.posix_acl_access");
    assertArrayEquals(inherited, tree.xattr(file.id(), access).orElseThrow());
    InodeId inner = makeDirectory(directory, "inner");
    assertArrayEquals(acl, tree.xattr(inner, name("system.posix_acl_default")).orElseThrow());
    tree.setAttributes(file.id(), AttributeChange.NONE.withMode(0600));
    assertArrayEquals(
        acl(1, 6, -1, 2, 6, 1234, 4, 5, -1, 0x10, 0, -1, 0x20, 0, -1),
        tree.xattr(file.id(), access).orElseThrow());
  }

  private static byte[] acl(int... words) {
    byte[] acl = new byte[4 + words.length / 3 * 8];
    java.nio.ByteBuffer buffer =
        java.nio.ByteBuffer.wrap(acl).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(2);
    for (int i = 0; i < words.length; i += 3) {
      buffer.putShort((short) words[i]).putShort((short) words[i + 1]).putInt(words[i + 2]);
    }
    return acl;
  }

  @Test
  void optionsAreInheritedAndNamesFolded() {
    InodeId directory = makeDirectory(root, "directory");
    tree.setOption(directory, InodeOption.COMPRESSION, OptionalLong.of(3));
    InodeId folding = makeDirectory(makeDirectory(directory, "inner"), "folding");
    assertEquals(1, tree.optionXattrs(folding).size(), "inherited");
    tree.setOption(folding, InodeOption.CASEFOLD, OptionalLong.of(1));
    InodeId file = make(folding, "Stra\u00dfe");
    assertEquals(file, find(folding, "STRASSE"));
    assertFails(PosixError.EEXIST, () -> make(folding, "strasse"));
    assertFails(
        PosixError.ENOTEMPTY,
        () -> tree.setOption(folding, InodeOption.CASEFOLD, OptionalLong.of(0)));
    tree.rename(folding, name("STRASSE"), folding, name("strasse"), RenameMode.REPLACE);
    assertEquals(List.of("strasse"), names(folding));
    InodeId inner = find(directory, "inner");
    assertFails(
        PosixError.EXDEV,
        () -> tree.rename(inner, name("folding"), root, name("f"), RenameMode.REPLACE));
    InodeId other = makeDirectory(makeDirectory(directory, "a"), "b");
    tree.rename(inner, name("folding"), other, name("f"), RenameMode.REPLACE);
    tree.setOption(directory, InodeOption.COMPRESSION, OptionalLong.empty());
    assertEquals(List.of(), tree.optionXattrs(directory));
  }

  private String text(InodeId file) {
    byte[] content = new byte[(int) tree.attributes(file).size()];
    assertEquals(content.length, tree.read(file, 0, MemorySegment.ofArray(content)));
    return new String(content, UTF_8);
  }

  private void write(InodeId file, long offset, String text) {
    assertEquals(name(text).length, tree.write(file, offset, MemorySegment.ofArray(name(text))));
  }

  @Test
  void aSnapshotKeepsWhatWasThere() {
    InodeId file = make(root, "file");
    write(file, 0, "x".repeat(20_000));
    final InodeId directory = makeDirectory(root, "directory");
    final InodeId inner = make(directory, "inner");
    Entry snapshot = tree.createSnapshot(root.subvolume(), root, name("snapshot"), true);
    write(file, 5_000, "y".repeat(1_000));
    tree.setAttributes(inner, AttributeChange.NONE.withMode(0600));
    tree.unlink(directory, name("inner"));
    make(root, "new");
    InodeId old = find(snapshot.id(), "file");
    assertEquals("x".repeat(20_000), text(old));
    assertEquals("x".repeat(5_000) + "y".repeat(1_000) + "x".repeat(14_000), text(file));
    InodeId oldInner = find(find(snapshot.id(), "directory"), "inner");
    assertEquals(0x8000 | 0644, tree.attributes(oldInner).mode());
    assertEquals(List.of("directory", "file", "lost+found"), names(snapshot.id()));
    assertFails(PosixError.EROFS, () -> make(snapshot.id(), "no"));
    assertFails(PosixError.EROFS, () -> write(old, 0, "no"));
    tree.deleteSubvolume(root, name("snapshot"));
    assertTrue(tree.needsCleanUp());
    tree.cleanUp();
    assertFalse(tree.needsCleanUp());
    assertEquals("x".repeat(5_000) + "y".repeat(1_000) + "x".repeat(14_000), text(file));
  }

  @Test
  void subvolumesNestAndAreDeletedFromWithin() {
    Entry outer = tree.createSubvolume(root, name("outer"), DIRECTORY);
    assertEquals(0x4000 | 0755, outer.attributes().mode());
    InodeId file = make(outer.id(), "file");
    assertEquals(outer.id().subvolume(), file.subvolume());
    Entry inner = tree.createSnapshot(outer.id().subvolume(), outer.id(), name("inner"), false);
    write(find(inner.id(), "file"), 0, "only in the snapshot");
    assertEquals("", text(file));
    assertEquals(outer.id(), tree.parent(inner.id()));
    assertFails(PosixError.ENOTEMPTY, () -> tree.deleteSubvolume(root, name("outer")));
    assertFails(PosixError.EBUSY, () -> tree.rmdir(root, name("outer")));
    assertFails(
        PosixError.EXDEV,
        () -> tree.rename(outer.id(), name("file"), root, name("file"), RenameMode.REPLACE));
    tree.rename(outer.id(), name("inner"), root, name("moved"), RenameMode.REPLACE);
    assertEquals(root, tree.parent(inner.id()));
    tree.deleteSubvolume(root, name("outer"));
    assertFails(PosixError.ESTALE, () -> tree.attributes(file));
    tree.cleanUp();
    assertEquals("only in the snapshot", text(find(inner.id(), "file")));
    assertEquals(2, tree.attributes(find(root, "moved")).links());
  }

  @Test
  void threadsWorkSideBySideInOneDirectory() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String prefix = "t" + i + "-";
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 100; n++) {
                  make(root, prefix + n);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(401, names(root).size());
    assertTrue(tree.lookup(root, name("t3-99")).isPresent());
  }

  private String option(InodeId id, String name) {
    return tree.optionXattrs(id).stream()
        .filter(xattr -> new String(xattr.name(), UTF_8).equals(name))
        .map(xattr -> new String(xattr.value(), UTF_8))
        .findFirst()
        .orElse(null);
  }

  private void setOption(InodeId id, String name, String value) {
    tree.setXattr(id, name("bcachefs." + name), value.getBytes(UTF_8), XattrMode.ANY);
  }

  @Test
  void optionsAreSetAndRemovedAsXattrs() {
    InodeId directory = makeDirectory(root, "directory");
    InodeId before = make(directory, "before");
    setOption(directory, "compression", "zstd:3");
    setOption(directory, "data_replicas", "2");
    setOption(directory, "nocow", "0");
    setOption(directory, "data_checksum", "crc64");
    setOption(directory, "background_target", "none");
    InodeId after = make(directory, "after");
    assertEquals("zstd:3", option(directory, "bcachefs.compression"));
    assertEquals("2", option(directory, "bcachefs.data_replicas"));
    assertEquals("crc64", option(directory, "bcachefs.data_checksum"));
    assertEquals("none", option(directory, "bcachefs.background_target"));
    assertEquals(null, option(before, "bcachefs_effective.compression"));
    assertEquals(null, option(after, "bcachefs.compression"));
    assertEquals("zstd:3", option(after, "bcachefs_effective.compression"));
    tree.removeXattr(before, name("bcachefs.compression"));
    assertEquals("zstd:3", option(before, "bcachefs_effective.compression"));
    tree.removeXattr(directory, name("bcachefs.compression"));
    assertEquals(null, option(directory, "bcachefs_effective.compression"));
    tree.setXattr(directory, name("bcachefs_effective.compression"), new byte[1], XattrMode.ANY);
    assertEquals(null, option(directory, "bcachefs_effective.compression"));
    for (String wrong :
        List.of("compression=best", "data_replicas=9", "nocow=maybe", "errors=ro")) {
      String[] parts = wrong.split("=", -1);
      assertFails(PosixError.EINVAL, () -> setOption(directory, parts[0], parts[1]));
    }
  }

  @Test
  void aLinkWhoseTargetIsGoneSaysSo() {
    InodeId link =
        tree.create(root, name("link"), NewInode.symlink(name("target"), 1000, 1001)).id();
    assertArrayEquals(name("target"), tree.readlink(link));
    tree.syncAll();
    filesystem.transact(
        "test",
        transaction -> {
          Bkey key = new Bkey();
          Bpos pos = new Bpos(0, link.number(), -1);
          assertTrue(transaction.lookup(BtreeId.INODES, pos, key));
          Inode inode = Inode.decode(key.copy());
          transaction.delete(BtreeId.EXTENTS, new Bpos(link.number(), inode.sectors(), -1));
          InodeBuilder without = new InodeBuilder(inode, -1).set(InodeField.SECTORS, 0);
          transaction.update(BtreeId.INODES, without.toKey());
          return null;
        });
    assertThrows(LostDataException.class, () -> tree.readlink(link));
  }
}
