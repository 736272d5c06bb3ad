// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.fs.write.XattrMode;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;

/**
 * Random operations on a tree and on its model: both must agree, in what succeeds and in what fails
 * by which error. Remembers what may be found after a crash.
 */
final class RandomFiles {
  private static final int NAMES = 12;
  private static final int SIZE_MOST = 300_000;
  private static final SortedMap<String, SortedMap<String, FoundFile>> NO_SNAPSHOTS =
      Collections.emptySortedMap();

  private final Random random;
  private final ModelTree model;
  private final int block;
  private final InodeId root;

  /** States since what is known to be durable: the files after each operation. */
  private final List<State> states = new ArrayList<>();

  /** What is done right now, in words, and whose contents it changes. */
  private String operation = "nothing";

  private ModelTree.Node changing;

  /**
   * The files after an operation, and those of the snapshots that there were.
   *
   * @param changed the path whose contents the operation changed, or null
   * @param moment when it was done
   * @param nodes which file is at a path; empty unless data is overwritten in place
   */
  private record State(
      String operation,
      SortedMap<String, FoundFile> files,
      SortedMap<String, SortedMap<String, FoundFile>> snapshots,
      String changed,
      int moment,
      Map<String, ModelTree.Node> nodes) {
    /** Whether a part of the file moves: a crash leaves it to the next one who opens it. */
    boolean moves() {
      return operation.startsWith("insert ") || operation.startsWith("collapse ");
    }
  }

  /** Whether a part of a file may have been moving at that moment. */
  boolean mayBeMoving(int moment) {
    return possible(moment).stream().anyMatch(State::moves);
  }

  /** All states, and from which on which one was durable; only while moments are recorded. */
  private final List<State> history = new ArrayList<>();

  private final TreeMap<Integer, Integer> durable = new TreeMap<>();
  private IntSupplier moments;
  private boolean inPlace;
  private BackgroundOperations background;
  private WritableTree now;

  RandomFiles(Random random, ModelTree model, int blockBytes) {
    this(random, model, blockBytes, null);
  }

  /**
   * @param root what the model's root is; null for the filesystem's
   */
  RandomFiles(Random random, ModelTree model, int blockBytes, InodeId root) {
    this.root = root;
    this.block = blockBytes;
    this.random = random;
    this.model = model;
    states.add(new State("begin", model.files(), NO_SNAPSHOTS, null, 0, nodes()));
  }

  /** An operation on the tree and the same on the model. */
  private interface Both {
    void run(WritableTree tree);
  }

  private interface Step {
    void run();
  }

  /** Data is overwritten in place: a crash may leave some of what was written after all else. */
  RandomFiles inPlace(boolean is) {
    inPlace = is;
    states.set(0, new State("begin", model.files(), NO_SNAPSHOTS, null, 0, nodes()));
    return this;
  }

  /**
   * Remembers everything, for {@link #mayBe(FoundState, int)}.
   *
   * @param clock tells moments, which ascend
   */
  RandomFiles recording(IntSupplier clock) {
    moments = clock;
    history.addAll(states);
    durable.put(0, 0);
    return this;
  }

  /**
   * From now on these are done now and then, too; from the beginning there are only the snapshots
   * that they know.
   */
  void beside(BackgroundOperations operations) {
    background = operations;
    State begin = new State("begin", model.files(), operations.snapshots(), null, 0, nodes());
    states.set(0, begin);
    if (moments != null) {
      history.set(0, begin);
    }
  }

  /** The files that there should be. */
  SortedMap<String, FoundFile> files() {
    return model.files();
  }

  /** A file or directory. */
  InodeId anyFile() {
    return find(now, pathOf(any(_ -> true)));
  }

  private void add(State state) {
    states.add(state);
    if (moments != null) {
      history.add(state);
    }
  }

  private State state() {
    int moment = moments == null ? 0 : moments.getAsInt();
    return new State(operation, model.files(), snapshots(), pathOf(changing), moment, nodes());
  }

  private Map<String, ModelTree.Node> nodes() {
    return inPlace ? model.nodes() : Map.of();
  }

  private SortedMap<String, SortedMap<String, FoundFile>> snapshots() {
    return background == null ? NO_SNAPSHOTS : background.snapshots();
  }

  /** Everything that was done is durable. */
  void allDurable() {
    if (moments != null) {
      durable.put(moments.getAsInt(), history.size() - 1);
    }
    State last = states.getLast();
    states.clear();
    states.add(last);
  }

  String operation() {
    return operation;
  }

  /** Does that many operations; syncs every now and then. */
  void run(WritableTree tree, int operations) {
    now = tree;
    for (int i = 0; i < operations; i++) {
      if (background != null && random.nextInt(5) == 0) {
        operation = "in the background";
        changing = null;
        background.run(this);
        operation = background.operation();
        add(state());
        continue;
      }
      int kind = random.nextInt(100);
      if (kind < 3) {
        operation = "sync all";
        tree.syncAll();
        allDurable();
        continue;
      }
      Both both = choose(kind);
      changing = null;
      PosixError expected = null;
      try {
        both.run(tree);
      } catch (PosixException e) {
        expected = e.error();
      }
      if (expected == PosixError.ENOSPC) {
        throw new AssertionError(operation + ": no space");
      }
      add(state());
      if (kind >= 97 && changing != null) {
        operation = "sync " + pathOf(changing);
        tree.sync(find(tree, pathOf(changing)));
        allDurable();
      }
    }
  }

  private String pathOf(ModelTree.Node wanted) {
    return wanted == null ? null : path("", model.root, wanted);
  }

  private static String path(String path, ModelTree.Node at, ModelTree.Node wanted) {
    if (at == wanted) {
      return path;
    }
    for (Map.Entry<String, ModelTree.Node> entry : at.entries.entrySet()) {
      String found = path(path + "/" + entry.getKey(), entry.getValue(), wanted);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private InodeId find(WritableTree tree, String path) {
    InodeId at = root == null ? tree.root() : root;
    for (String name : List.of(path.split("/", -1))) {
      if (!name.isEmpty()) {
        at = tree.lookup(at, name.getBytes(UTF_8)).orElseThrow().id();
      }
    }
    return at;
  }

  private String name() {
    return "n" + random.nextInt(NAMES);
  }

  private ModelTree.Node any(java.util.function.Predicate<ModelTree.Node> which) {
    List<ModelTree.Node> all = new ArrayList<>();
    collect(model.root, all);
    List<ModelTree.Node> some = all.stream().filter(which).toList();
    return some.isEmpty() ? null : some.get(random.nextInt(some.size()));
  }

  private static void collect(ModelTree.Node node, List<ModelTree.Node> all) {
    if (!all.contains(node)) {
      all.add(node);
      node.entries.values().forEach(child -> collect(child, all));
    }
  }

  /** Runs both; each must do what the other does. */
  private void same(Step real, Step modelled) {
    PosixError realError;
    try {
      realError = error(real);
    } catch (DeviceException | LostDataException e) {
      // The power went: it may have happened or not, or a part of it.
      error(modelled);
      add(state());
      throw e;
    }
    if (realError == PosixError.EXDEV && background != null) {
      // Options that a directory and all in it would have to change are in the way.
      return;
    }
    PosixError modelError = error(modelled);
    if (realError != modelError) {
      throw new AssertionError(
          operation + ": " + realError + ", and should have been " + modelError);
    }
  }

  private static PosixError error(Step step) {
    try {
      step.run();
      return null;
    } catch (PosixException e) {
      return e.error();
    }
  }

  private <T> T pick(T[] of) {
    return of[random.nextInt(of.length)];
  }

  private Both choose(int kind) {
    ModelTree.Node directory = any(ModelTree.Node::isDirectory);
    ModelTree.Node file = any(ModelTree.Node::isRegular);
    String at = pathOf(directory);
    String name = name();
    if (file == null || kind < 20) {
      return create(directory, at, name);
    }
    if (kind < 30) {
      return rename(directory, at, name);
    }
    if (kind < 37) {
      return remove(directory, at, name);
    }
    if (kind < 40) {
      return link(any(_ -> true), directory, at, name);
    }
    if (kind < 45) {
      return attributes(any(node -> node != model.root));
    }
    if (kind < 52) {
      return truncate(file);
    }
    if (kind < 60) {
      return allocate(file);
    }
    if (kind < 63) {
      return shift(file);
    }
    if (kind < 67) {
      return share(file, any(ModelTree.Node::isRegular));
    }
    return write(file);
  }

  private Both create(ModelTree.Node directory, String at, String name) {
    int type = random.nextInt(10);
    int uid = random.nextInt(3);
    int permissions = random.nextInt(01000);
    if (type < 2) {
      operation = "mkdir " + at + "/" + name;
      int mode = 0x4000 | permissions;
      return tree ->
          same(
              () -> tree.create(find(tree, at), name.getBytes(UTF_8), NewInode.of(mode, uid, 0)),
              () -> model.create(directory, name, mode, uid));
    }
    if (type < 3) {
      byte[] target = "t".repeat(1 + random.nextInt(600)).getBytes(UTF_8);
      operation = "symlink " + at + "/" + name + " to " + target.length + " bytes";
      return tree ->
          same(
              () ->
                  tree.create(
                      find(tree, at), name.getBytes(UTF_8), NewInode.symlink(target, uid, 0)),
              () -> model.create(directory, name, 0xa1ff, uid).content = target);
    }
    operation = "create " + at + "/" + name;
    int mode = 0x8000 | permissions;
    return tree ->
        same(
            () -> tree.create(find(tree, at), name.getBytes(UTF_8), NewInode.of(mode, uid, 0)),
            () -> model.create(directory, name, mode, uid));
  }

  private Both rename(ModelTree.Node directory, String at, String name) {
    ModelTree.Node to = any(ModelTree.Node::isDirectory);
    String toPath = pathOf(to);
    String toName = name();
    RenameMode mode = pick(RenameMode.values());
    operation = "rename " + at + "/" + name + " to " + toPath + "/" + toName + " " + mode;
    return tree ->
        same(
            () ->
                tree.rename(
                    find(tree, at),
                    name.getBytes(UTF_8),
                    find(tree, toPath),
                    toName.getBytes(UTF_8),
                    mode),
            () -> model.rename(directory, name, to, toName, mode));
  }

  private Both remove(ModelTree.Node directory, String at, String name) {
    if (random.nextInt(4) == 0) {
      operation = "rmdir " + at + "/" + name;
      return tree ->
          same(
              () -> tree.rmdir(find(tree, at), name.getBytes(UTF_8)),
              () -> model.rmdir(directory, name));
    }
    operation = "unlink " + at + "/" + name;
    return tree ->
        same(
            () -> tree.unlink(find(tree, at), name.getBytes(UTF_8)),
            () -> model.unlink(directory, name));
  }

  private Both link(ModelTree.Node node, ModelTree.Node directory, String at, String name) {
    String from = pathOf(node);
    operation = "link " + from + " as " + at + "/" + name;
    return tree ->
        same(
            () -> tree.link(find(tree, from), find(tree, at), name.getBytes(UTF_8)),
            () -> model.link(node, directory, name));
  }

  private Both attributes(ModelTree.Node node) {
    String path = pathOf(node);
    if (node == null || (node.mode & 0xf000) == 0xa000 || random.nextBoolean()) {
      ModelTree.Node any = node == null ? model.root : node;
      int uid = random.nextInt(5);
      String where = pathOf(any);
      operation = "chown " + where + " to " + uid;
      return tree ->
          same(
              () -> tree.setAttributes(find(tree, where), AttributeChange.NONE.withUid(uid)),
              () -> any.uid = uid);
    }
    String name = "user.x" + random.nextInt(4);
    if (random.nextInt(3) == 0) {
      operation = "remove xattr " + name + " of " + path;
      return tree ->
          same(
              () -> tree.removeXattr(find(tree, path), name.getBytes(UTF_8)),
              () -> {
                if (node.xattrs.remove(name) == null) {
                  throw new PosixException(PosixError.ENODATA, "the model says so");
                }
              });
    }
    byte[] value = new byte[random.nextInt(500)];
    random.nextBytes(value);
    operation = "set xattr " + name + " of " + path + " to " + value.length + " bytes";
    return tree ->
        same(
            () -> tree.setXattr(find(tree, path), name.getBytes(UTF_8), value, XattrMode.ANY),
            () -> node.xattrs.put(name, value));
  }

  private Both truncate(ModelTree.Node file) {
    String path = pathOf(file);
    int size = random.nextInt(random.nextBoolean() ? file.content.length + 1 : SIZE_MOST);
    operation = "truncate " + path + " from " + file.content.length + " to " + size;
    return tree -> {
      changing = file;
      same(
          () -> tree.setAttributes(find(tree, path), AttributeChange.NONE.withSize(size)),
          () -> model.truncate(file, size));
    };
  }

  private Both allocate(ModelTree.Node file) {
    String path = pathOf(file);
    AllocateMode mode = pick(AllocateMode.values());
    int offset = random.nextInt(file.content.length + 5000);
    int length = 1 + random.nextInt(50_000);
    operation = mode + " " + path + " from " + offset + ", " + length + " bytes";
    return tree -> {
      changing = file;
      same(
          () -> tree.allocate(find(tree, path), mode, offset, length),
          () -> model.allocate(file, mode, offset, length));
    };
  }

  /** Now and then not whole blocks, or beyond the end. */
  private Both shift(ModelTree.Node file) {
    String path = pathOf(file);
    boolean insert = random.nextInt(5) < 2 && file.content.length < SIZE_MOST;
    int blocks = file.content.length / block;
    int odd = random.nextInt(20) == 0 ? 1 : 0;
    int offset = random.nextInt(blocks + 1) * block + odd;
    int length = (1 + random.nextInt(Math.max(1, insert ? 40 : blocks / 2))) * block;
    operation =
        (insert ? "insert" : "collapse") + " " + path + " at " + offset + ", " + length + " bytes";
    return tree -> {
      changing = file;
      same(
          () -> {
            if (insert) {
              tree.insertRange(find(tree, path), offset, length);
            } else {
              tree.collapseRange(find(tree, path), offset, length);
            }
          },
          () -> model.shift(file, insert, offset, length, block));
    };
  }

  private Both share(ModelTree.Node from, ModelTree.Node to) {
    int blocks = from.content.length / block;
    if (blocks == 0) {
      return write(from);
    }
    int first = random.nextInt(blocks);
    int count = 1 + random.nextInt(blocks - first);
    int target = random.nextInt(to.content.length / block + 4);
    if (from == to && first < target + count && target < first + count) {
      return write(from);
    }
    String fromPath = pathOf(from);
    String toPath = pathOf(to);
    operation =
        "share "
            + fromPath
            + " from block "
            + first
            + " with "
            + toPath
            + " from "
            + target
            + ", "
            + count
            + " blocks";
    return tree -> {
      changing = to;
      same(
          () ->
              tree.clone(
                  find(tree, fromPath),
                  (long) first * block,
                  find(tree, toPath),
                  (long) target * block,
                  (long) count * block),
          () -> model.clone(from, first * block, to, target * block, count * block));
    };
  }

  private Both write(ModelTree.Node file) {
    String path = pathOf(file);
    int offset = random.nextInt(Math.min(SIZE_MOST, file.content.length + 20_000));
    int length = 1 + random.nextInt(random.nextInt(8) == 0 ? 100_000 : 5_000);
    if (random.nextInt(3) == 0) {
      offset = offset / 4096 * 4096;
      length = (length + 4095) / 4096 * 4096;
    }
    byte[] data = data(length);
    int at = offset;
    operation = "write " + path + " at " + at + ", " + data.length + " bytes";
    return tree -> {
      changing = file;
      same(
          () -> {
            long written = tree.write(find(tree, path), at, MemorySegment.ofArray(data));
            if (written != data.length) {
              throw new AssertionError(operation + ": only " + written + " bytes");
            }
          },
          () -> model.write(file, at, data));
    };
  }

  private byte[] data(int length) {
    byte[] data = new byte[length];
    random.nextBytes(data);
    if (random.nextBoolean()) {
      for (int i = 0; i < length; i++) {
        data[i] = (byte) ('a' + (i / 64 + data[0]) % 7);
      }
    }
    return data;
  }

  /**
   * Whether a crash may have left these files: what they were after some operation since the last
   * sync, or in the middle of one that changes contents.
   */
  boolean mayBe(SortedMap<String, FoundFile> found) {
    return isAmong(states, found);
  }

  /**
   * Whether a crash at that moment may have left these files: what they were after some operation
   * since the last sync that was over by then, or in the middle of one, or what the operation makes
   * of them that was under way.
   */
  boolean mayBe(FoundState found, int moment) {
    List<State> all = possible(moment);
    return possible(moment, found.snapshots()).stream()
        .anyMatch(run ->
            isAmong(run, found.files())
                || (inPlace && isAmongOverwritten(run, all, found.files())));
  }

  /** The same where each byte may be one that was written there later. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isAmongOverwritten(
      List<State> run, List<State> all, SortedMap<String, FoundFile> found) {
    for (int i = run.size() - 1; i >= 0; i--) {
      State state = run.get(i);
      State before = i == 0 || state.changed == null ? state : run.get(i - 1);
      int index = 0;
      while (all.get(index) != state) {
        index++;
      }
      if (isOverwritten(before, state, all.subList(index, all.size()), found)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOverwritten(
      State before, State state, List<State> later, SortedMap<String, FoundFile> found) {
    if (!state.files.keySet().equals(found.keySet())
        || !before.files.keySet().equals(found.keySet())) {
      return false;
    }
    for (Map.Entry<String, FoundFile> entry : found.entrySet()) {
      ModelTree.Node node = state.nodes.get(entry.getKey());
      List<FoundFile> possible = new ArrayList<>();
      possible.add(before.files.get(entry.getKey()));
      for (State each : later) {
        each.nodes.forEach((path, other) -> {
          if (other == node) {
            possible.add(each.files.get(path));
          }
        });
      }
      FoundFile here = entry.getValue();
      FoundFile now = state.files.get(entry.getKey());
      FoundFile old = before.files.get(entry.getKey());
      boolean fits =
          (here.sameButContent(now) || here.sameButContent(old))
              && isMixture(state.moves(), old, now, possible, here.content());
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  private static boolean isMixture(
      boolean moving, FoundFile old, FoundFile now, List<FoundFile> possible, byte[] here) {
    int least = Math.min(old.content().length, now.content().length);
    int most = Math.max(old.content().length, now.content().length);
    if (here.length < least || here.length > most) {
      return false;
    }
    for (int i = 0; i < here.length; i++) {
      boolean fits = moving && here[i] == 0;
      for (int j = 0; j < possible.size() && !fits; j++) {
        byte[] content = possible.get(j).content();
        fits = (i < content.length ? content[i] : 0) == here[i];
      }
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  /** Those runs of states in which the snapshots are those. */
  private List<List<State>> possible(
      int moment, SortedMap<String, SortedMap<String, FoundFile>> snapshots) {
    List<List<State>> runs = new ArrayList<>();
    List<State> run = new ArrayList<>();
    for (State state : possible(moment)) {
      if (state.snapshots.equals(snapshots)) {
        run.add(state);
      } else if (!run.isEmpty()) {
        runs.add(run);
        run = new ArrayList<>();
      }
    }
    if (!run.isEmpty()) {
      runs.add(run);
    }
    return runs;
  }

  private List<State> possible(int moment) {
    int first = durable.floorEntry(moment).getValue();
    int last = first;
    while (last < history.size() - 1 && history.get(last).moment <= moment) {
      last++;
    }
    return history.subList(first, last + 1);
  }

  private static boolean isAmong(List<State> states, SortedMap<String, FoundFile> found) {
    for (int i = states.size() - 1; i >= 0; i--) {
      if (states.get(i).files.equals(found)) {
        return true;
      }
      if (i > 0 && isBetween(states.get(i - 1), states.get(i), found)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBetween(State before, State after, SortedMap<String, FoundFile> found) {
    String path = after.changed;
    if (path == null || !before.files.keySet().equals(found.keySet())) {
      return false;
    }
    for (Map.Entry<String, FoundFile> entry : found.entrySet()) {
      FoundFile old = before.files.get(entry.getKey());
      FoundFile now = after.files.get(entry.getKey());
      FoundFile here = entry.getValue();
      boolean fits =
          here.equals(old)
              || (now != null
                  && here.sameButContent(now)
                  && isMixture(after.moves(), old, now, here));
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  /**
   * Each byte is old or new; the size is one of both or in between. Where a part of the file was
   * moving there may be holes.
   */
  private static boolean isMixture(boolean moving, FoundFile old, FoundFile now, FoundFile here) {
    int length = here.content().length;
    int least = Math.min(old.content().length, now.content().length);
    int most = Math.max(old.content().length, now.content().length);
    if (length < least || length > most) {
      return false;
    }
    byte[] before = Arrays.copyOf(old.content(), most);
    byte[] after = Arrays.copyOf(now.content(), most);
    for (int i = 0; i < length; i++) {
      byte each = here.content()[i];
      boolean hole = moving && each == 0;
      if (each != before[i] && each != after[i] && !hole) {
        return false;
      }
    }
    return true;
  }

  /** How the files found differ from the last state, and what was done since all was durable. */
  String story(SortedMap<String, FoundFile> found) {
    StringBuilder text = new StringBuilder(differences(found));
    states.forEach(state -> text.append('\n').append(state.operation));
    return text.toString();
  }

  /** What was done between the last sync and a moment. */
  String story(int moment) {
    StringBuilder text = new StringBuilder();
    possible(moment).forEach(state -> text.append('\n').append(state.operation));
    return text.toString();
  }

  /** What is wrong with files that should be as the model says; empty if nothing. */
  String differences(SortedMap<String, FoundFile> found) {
    StringBuilder text = new StringBuilder();
    SortedMap<String, FoundFile> wanted = model.files();
    TreeMap<String, FoundFile> all = new TreeMap<>(wanted);
    all.putAll(found);
    for (String path : all.keySet()) {
      FoundFile want = wanted.get(path);
      FoundFile have = found.get(path);
      if (want == null || !want.equals(have)) {
        text.append('\n').append(path).append(": ").append(have).append(", not ").append(want);
        if (want != null && have != null) {
          text.append(" at byte ").append(Arrays.mismatch(want.content(), have.content()));
        }
      }
    }
    return text.toString();
  }
}
